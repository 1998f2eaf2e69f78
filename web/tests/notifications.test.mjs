import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Bank } from './bank.mjs';
import { as, close, isAccessible, open } from './browser.mjs';
import { Receiver } from './receiver.mjs';

let bank, browser, admin, receiver;
before(async () => {
  receiver = await Receiver.start('desk');
  bank = await Bank.start({ flags: ['--source', 'file', '--alerts', join(receiver.folder, 'alerts.json'), '--notifications', receiver.file] });
  browser = await open();
  admin = await bank.addPeople();
});
after(async () => {
  await browser?.close();
  await bank?.remove();
  await receiver?.close();
});

test('what a receiver refused is shown to administrators, and sent again', async () => {
  await bank.highAmounts(admin, 3);
  const page = await as(browser, bank, 'admin');
  await page.getByRole('link', { name: 'Notifications' }).click();
  const rows = page.locator('section[aria-label="Notifications"] tbody tr');
  await rows.nth(2).waitFor({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Given up', exact: true }).click();
  await page.waitForURL(/state=dead/);
  await rows.filter({ hasText: '410' }).nth(2).waitFor();
  await isAccessible(page, 'notifications');

  receiver.status = 200;
  await rows.first().getByRole('button', { name: 'Send again' }).click();
  await page.getByText('1 notification will be sent again.').waitFor();
  await rows.nth(2).waitFor({ state: 'detached' });
  await rows.first().getByRole('button', { name: 'Discard' }).click();
  await page.getByText('1 notification discarded.').waitFor();
  await rows.nth(1).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Send again what was given up' }).click();
  await page.getByText('Everything was delivered').waitFor();
  assert.ok(receiver.taken.length > 0);
  assert.doesNotMatch(receiver.taken.join(), /ACC-\d/, 'account numbers are masked');
  await close(page);
});

test('nobody else sees them', async () => {
  const page = await as(browser, bank, 'anna');
  assert.equal(await page.getByRole('link', { name: 'Notifications' }).count(), 0);
  await page.goto('/notifications');
  await page.getByText('There is no such page').waitFor();
  await close(page);
});
