import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Bank } from './bank.mjs';
import { as, close, isAccessible, open } from './browser.mjs';

// A receiver that answers with `status`, and keeps what it took.
let status = 410;
const taken = [];
const receiver = createServer((request, response) => {
  let body = '';
  request.on('data', (text) => (body += text));
  request.on('end', () => {
    if (status === 200) taken.push(body);
    response.writeHead(status).end();
  });
});

let bank, browser, admin, folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bank-web-receivers-'));
  await new Promise((done) => receiver.listen(0, '127.0.0.1', done));
  const receivers = join(folder, 'receivers.yaml');
  await writeFile(receivers, `version: 1\nreceivers:\n  - name: desk\n    kind: webhook\n    url: http://127.0.0.1:${receiver.address().port}/alerts\n`);
  bank = await Bank.start({ flags: ['--source', 'file', '--alerts', join(folder, 'alerts.json'), '--notifications', receivers] });
  browser = await open();
  admin = await bank.addPeople();
});
after(async () => {
  await browser?.close();
  await bank?.remove();
  receiver.close();
  await rm(folder, { recursive: true, force: true });
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

  status = 200;
  await rows.first().getByRole('button', { name: 'Send again' }).click();
  await page.getByText('1 notification will be sent again.').waitFor();
  await rows.nth(2).waitFor({ state: 'detached' });
  await rows.first().getByRole('button', { name: 'Discard' }).click();
  await page.getByText('1 notification discarded.').waitFor();
  await rows.nth(1).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Send again what was given up' }).click();
  await page.getByText('Everything was delivered').waitFor();
  assert.ok(taken.length > 0);
  assert.doesNotMatch(taken.join(), /ACC-\d/, 'account numbers are masked');
  await close(page);
});

test('nobody else sees them', async () => {
  const page = await as(browser, bank, 'anna');
  assert.equal(await page.getByRole('link', { name: 'Notifications' }).count(), 0);
  await page.goto('/notifications');
  await page.getByText('There is no such page').waitFor();
  await close(page);
});
