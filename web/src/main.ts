// First what all share, so that a component's own styles come after it and win.
import './styles/tokens.css';
import './styles/base.css';
import './styles/parts.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { startKeys } from './lib/keys';
import { startRouter } from './lib/router.svelte';

startRouter();
startKeys();

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no element #app');
mount(App, { target });
