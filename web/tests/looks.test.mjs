import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bank } from './bank.mjs';
import { as, close, isAccessible, isLive, open, PHONE, WIDE } from './browser.mjs';
import { everyPage, settled } from './pages.mjs';
import { smoothness } from './smooth.mjs';

let bank, browser, admin, alert;
before(async () => {
  bank = await Bank.start({ rate: 20 });
  browser = await open();
  admin = await bank.addPeople();
  alert = await bank.velocity(admin);
});
after(async () => {
  await browser?.close();
  await bank?.remove();
});

for (const [size, options] of [['wide', WIDE], ['phone', PHONE]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`every page, ${size} and ${colorScheme}: accessible, no wider than the screen, nothing that its CSP refuses`, async () => {
      const page = await as(browser, bank, 'admin', { ...options, colorScheme });
      for (const [name, path] of Object.entries(everyPage(alert))) {
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
  const fast = await Bank.start({ rate: 5000 });
  try {
    await fast.addPeople();
    const page = await as(browser, fast, 'anna');
    await isLive(page);
    // What is there at the start is made first.
    await page.locator('section[aria-label="Live feed"] tbody tr').nth(20).waitFor({ timeout: 60_000 });
    // By processor time of the page's own thread, as other processes take their part of the machine in between.
    const { busy: share } = await smoothness(page, 8000);
    const { rows, elements } = await page.evaluate(() => ({ rows: document.querySelectorAll('tbody tr').length, elements: document.querySelectorAll('*').length }));
    console.log(`# the page's thread is busy ${(share * 100).toFixed(0)} % of the time; ${elements} elements`);
    assert.ok(share < 0.3, `the page's thread is busy ${share} of the time`);
    assert.ok(rows <= 40 && elements < 2500);
    await close(page);
  } finally {
    await fast.remove();
  }
});
