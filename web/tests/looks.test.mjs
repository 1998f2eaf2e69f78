import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bank } from './bank.mjs';
import { as, close, isAccessible, isLive, open, PHONE, WIDE } from './browser.mjs';
import { everyPage, settled } from './pages.mjs';

let bank, browser, admin;
before(async () => {
  bank = await Bank.start(1000);
  browser = await open();
  admin = await bank.addPeople();
  await bank.hasAlerts(admin, '', 10);
});
after(async () => {
  await browser?.close();
  await bank?.remove();
});

for (const [size, options] of [['wide', WIDE], ['phone', PHONE]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`every page, ${size} and ${colorScheme}: accessible, no wider than the screen, nothing that its CSP refuses`, async () => {
      const page = await as(browser, bank, 'admin', { ...options, colorScheme });
      for (const [name, path] of Object.entries(await everyPage(bank, admin))) {
        await page.goto(path);
        await settled(page);
        await isAccessible(page, `${name}, ${size}, ${colorScheme}`);
        const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
        assert.ok(content <= screen, `${name} is ${content} wide on a screen of ${screen}`);
      }
      await close(page);
    });
  }
}

test('the keyboard help opens and closes by keys, and letters lead to pages', async () => {
  const page = await as(browser, bank, 'anna');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await isAccessible(page, 'help');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page.getByRole('heading', { level: 1, name: 'Health' }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('VELOCITY');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/alerts\?q=VELOCITY/);
  await close(page);
});

test('5,000 transactions a second do not make the page stutter', async () => {
  const fast = await Bank.start(5000);
  try {
    await fast.addPeople();
    const page = await as(browser, fast, 'anna');
    await isLive(page);
    await page.locator('section[aria-label="Live feed"] tbody tr').nth(20).waitFor();
    const seen = await page.evaluate(
      () =>
        new Promise((done) => {
          let busy = 0;
          let longest = 0;
          new PerformanceObserver((list) => {
            for (const task of list.getEntries()) {
              busy += task.duration;
              longest = Math.max(longest, task.duration);
            }
          }).observe({ type: 'longtask' });
          setTimeout(() => done({ busy, longest, rows: document.querySelectorAll('tbody tr').length, elements: document.querySelectorAll('*').length }), 8000);
        }),
    );
    console.log(`# tasks above 50 ms: ${seen.busy.toFixed(0)} ms of 8 s, the longest ${seen.longest.toFixed(0)} ms; ${seen.elements} elements`);
    assert.ok(seen.busy < 1600, `long tasks took ${seen.busy} ms of 8 s`);
    assert.ok(seen.rows <= 40 && seen.elements < 2500);
    await close(page);
  } finally {
    await fast.remove();
  }
});
