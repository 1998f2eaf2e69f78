// The distribution's Chromium, driven by playwright-core. A message of the browser's console that tells of a fault fails the test.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { PASSWORD } from './bank.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const WIDE = { viewport: { width: 1440, height: 900 } };
export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

export async function open() {
  const root = process.getuid?.() === 0;
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: root ? ['--no-sandbox'] : [] });
}

/** A page of a browser that nobody is logged in with yet. `faults` collects what the console complains about. */
export async function visitor(browser, bank, options = {}) {
  const context = await browser.newContext({ baseURL: bank.base, ...WIDE, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    // A request that the server refuses shows up here, too: what the page makes of it is looked at by the tests.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) page.faults.push(message.text());
  });
  page.setDefaultTimeout(15_000);
  return page;
}

export async function logIn(page, user) {
  await page.goto('/login');
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Live' }).waitFor();
}

export async function as(browser, bank, user, options) {
  const page = await visitor(browser, bank, options);
  await logIn(page, user);
  return page;
}

export const isLive = (page) => page.getByText('Live', { exact: true }).and(page.locator('.state.live > span')).waitFor();

/** Fails on what axe-core calls serious or critical. The page's CSP lets no script in: axe comes by the debugger. */
export async function isAccessible(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const bad = violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${where}: ${v.id}: ${v.help}\n${v.nodes.slice(0, 4).map((n) => `    ${n.html.slice(0, 160)}\n      ${n.any[0]?.message ?? ''}`).join('\n')}`);
  assert.deepEqual(bad, [], bad.join('\n'));
}

export async function close(...pages) {
  for (const page of pages) {
    assert.deepEqual(page.faults, [], 'the browser complains about nothing');
    await page.context().close();
  }
}
