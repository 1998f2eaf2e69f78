import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // The page runs under default-src 'self': nothing may become a data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // npm run dev: the page from here, the API from a `bank dashboard` at its default address.
  server: { host: '127.0.0.1', proxy: { '/api': 'http://127.0.0.1:8080' } },
  // A zone that is not UTC and has summer time.
  test: { include: ['src/**/*.test.ts'], env: { TZ: 'America/New_York' } },
});
