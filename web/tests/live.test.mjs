import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bank } from './bank.mjs';
import { as, close, isLive, open } from './browser.mjs';

let bank, browser, admin;
before(async () => {
  bank = await Bank.start({ rate: 500 });
  browser = await open();
  admin = await bank.addPeople();
});
after(async () => {
  await browser?.close();
  await bank?.remove();
});

const inAll = async (page, label) => {
  const title = await page.locator('.figure', { has: page.getByText(label, { exact: true }) }).getAttribute('title');
  return Number(title.replace(/\D/g, ''));
};

test('transactions and alerts arrive while one looks', async () => {
  const page = await as(browser, bank, 'anna');
  await isLive(page);
  const before = { transactions: await inAll(page, 'Transactions'), alerts: await inAll(page, 'Alerts') };
  const { items } = await bank.get('/alerts?limit=1&sort=-detected_at', admin);
  const known = items[0]?.alert_id;
  await page.waitForFunction((n) => Number(document.querySelector('.figure').title.replace(/\D/g, '')) > n + 500, before.transactions);
  await bank.hasAlerts(admin, '', 5);
  await page.waitForFunction((n) => Number(document.querySelectorAll('.figure')[1].title.replace(/\D/g, '')) > n, before.alerts, { timeout: 60_000 });
  const newest = (await bank.get('/alerts?limit=1&sort=-detected_at', admin)).items[0].alert_id;
  assert.notEqual(newest, known);
  await page.locator('section[aria-label="Live feed"] tbody tr').first().waitFor();
  assert.equal(await page.locator('.chart canvas').count(), 2);
  await close(page);
});

test('rows with alerts are marked, and can be had alone', async () => {
  const page = await as(browser, bank, 'anna');
  await bank.hasAlerts(admin, '', 3);
  await page.getByRole('button', { name: 'With alerts' }).click();
  const rows = page.locator('section[aria-label="Live feed"] tbody tr');
  await rows.first().waitFor({ timeout: 60_000 });
  for (const row of await rows.all()) assert.match((await row.getAttribute('class')) ?? '', /alerted|review|block/);
  await close(page);
});

test('a paused feed stands still, a resumed one goes on', async () => {
  const page = await as(browser, bank, 'anna');
  const first = page.locator('section[aria-label="Live feed"] tbody tr').first();
  await first.waitFor();
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  const before = await first.innerText();
  await page.getByText(/rows? waiting/).waitFor();
  await page.waitForTimeout(1500);
  assert.equal(await first.innerText(), before);
  await page.keyboard.press('Space');
  await page.waitForFunction((text) => document.querySelector('section[aria-label="Live feed"] tbody tr').innerText !== text, before);
  await close(page);
});

test('light and dark, by hand and by the system, and it lasts', async () => {
  const page = await as(browser, bank, 'anna', { colorScheme: 'dark' });
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await theme(), 'dark');
  await page.keyboard.press('t');
  assert.equal(await theme(), 'light');
  await page.reload();
  await isLive(page);
  assert.equal(await theme(), 'light');
  await close(page);
});

test('the page lives through a restart of the server', async () => {
  const page = await as(browser, bank, 'anna');
  await isLive(page);
  const before = await inAll(page, 'Transactions');
  await bank.stop();
  await page.getByText('Reconnecting').waitFor();
  await bank.run();
  await isLive(page);
  await page.waitForFunction((n) => Number(document.querySelector('.figure').title.replace(/\D/g, '')) > n, before, { timeout: 30_000 });
  await close(page);
});
