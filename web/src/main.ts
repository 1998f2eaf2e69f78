import { mount } from 'svelte';
import App from './App.svelte';
import { startKeys } from './lib/keys';
import { startRouter } from './lib/router.svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/parts.css';

startRouter();
startKeys();

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no element #app');
mount(App, { target });
