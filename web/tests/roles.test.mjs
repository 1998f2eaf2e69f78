import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bank, PASSWORD } from './bank.mjs';
import { as, close, logIn, open, visitor } from './browser.mjs';
import { everyPage, settled } from './pages.mjs';

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

test('a viewer sees masked account numbers alone, and can change nothing', async () => {
  const [{ account_number: whole }] = await bank.hasAlerts(admin, '');
  assert.match(whole, /^ACC-/);
  const page = await as(browser, bank, 'victor');
  for (const [name, path] of Object.entries(everyPage(alert))) {
    if (['users', 'tokens', 'notifications', 'audit'].includes(name)) continue;
    await page.goto(path);
    await settled(page);
    await page.waitForTimeout(300);
    assert.doesNotMatch(await page.content(), /ACC-\d/, name);
    assert.equal(await page.getByRole('button', { name: /Acknowledge|Confirm fraud/ }).count(), 0, name);
  }
  await page.goto('/alerts');
  await page.getByText(/^\*{4}\d{4}$/).first().waitFor();
  assert.equal(await page.locator('tbody input[type=checkbox]').count(), 0);
  await close(page);
});

test('pages for administrators are for them alone', async () => {
  for (const user of ['victor', 'anna']) {
    const page = await as(browser, bank, user);
    assert.equal(await page.getByRole('link', { name: 'Users' }).count(), 0);
    await page.goto('/users');
    await page.getByText('There is no such page').waitFor();
    await page.goto('/audit');
    await page.getByText('There is no such page').waitFor();
    await close(page);
  }
});

test('an administrator adds a user, who logs in, and whom they lock out again', async () => {
  const page = await as(browser, bank, 'admin');
  await page.goto('/users');
  await page.getByRole('button', { name: 'Add a user' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('User', { exact: true }).fill('nora');
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('radio', { name: /^analyst/ }).check();
  await dialog.getByRole('button', { name: 'Add' }).click();
  await page.getByText('nora can log in now.').waitFor();

  const nora = await visitor(browser, bank);
  await logIn(nora, 'nora');
  await page.locator('tr', { hasText: 'nora' }).getByRole('button', { name: 'Disable' }).click();
  await page.getByText('nora can no longer log in.').waitFor();
  await nora.goto('/alerts');
  await nora.waitForURL(/\/login/);

  await page.goto('/audit?action=user.create');
  await page.locator('tr', { hasText: 'nora' }).waitFor();
  await close(page, nora);
});

test('a token is shown once, works, and is revoked', async () => {
  const page = await as(browser, bank, 'admin');
  await page.goto('/tokens');
  await page.getByRole('button', { name: 'New token' }).click();
  await page.getByLabel('Name').fill('a program');
  await page.getByRole('button', { name: 'Make it' }).click();
  const token = await page.getByRole('dialog').locator('code').innerText();
  const ask = () => fetch(`${bank.base}/api/v1/statistics`, { headers: { Authorization: `Bearer ${token}` } }).then((r) => r.status);
  assert.equal(await ask(), 200);
  await page.getByRole('button', { name: 'Done' }).click();
  assert.ok(!(await page.content()).includes(token));
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('no longer works').waitFor();
  assert.equal(await ask(), 401);
  await close(page);
});

test('one changes one’s own password by giving the present one', async () => {
  const page = await as(browser, bank, 'victor');
  await page.getByRole('button', { name: /^You: victor/ }).click();
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByLabel('Present password').fill('a wrong password');
  await page.getByLabel('New password').fill(`${PASSWORD}, a new one`);
  await page.getByRole('button', { name: 'Change', exact: true }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Present password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Change', exact: true }).click();
  await page.getByText('Your password is changed.').waitFor();
  await close(page);
});
