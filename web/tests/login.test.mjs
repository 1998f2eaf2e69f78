import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bank, PASSWORD } from './bank.mjs';
import { close, isAccessible, isLive, open, visitor } from './browser.mjs';

let bank, browser;
before(async () => {
  bank = await Bank.start();
  browser = await open();
});
after(async () => {
  await browser?.close();
  await bank?.remove();
});

test('the set-up link makes the first user and logs in, once', async () => {
  const page = await visitor(browser, bank);
  await page.goto('/login');
  await page.getByText('Nobody can log in yet').waitFor();
  const link = bank.setupPath;
  await page.goto(link);
  await isAccessible(page, 'setup');
  assert.equal(new URL(page.url()).hash, '', 'the token does not stay in the address');
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.getByLabel('Password again').fill('another one altogether');
  await page.getByRole('button', { name: 'Create and log in' }).click();
  await page.getByText('The two passwords differ.').waitFor();
  await page.getByLabel('Password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create and log in' }).click();
  await isLive(page);

  const late = await visitor(browser, bank);
  await late.goto(link);
  await late.locator('input[name=password]').fill(PASSWORD);
  await late.getByLabel('Password again').fill(PASSWORD);
  await late.getByRole('button', { name: 'Create and log in' }).click();
  await late.getByRole('alert').waitFor();
  await close(page, late);
});

test('a wrong password is refused, the right one leads to where one wanted to go', async () => {
  const page = await visitor(browser, bank);
  await page.goto('/rules');
  await page.waitForURL(/\/login\?next=%2Frules/);
  await isAccessible(page, 'login');
  await page.getByLabel('User').fill('admin');
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByLabel('Password').inputValue(), '');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Rules' }).waitFor();
  await close(page);
});

test('whoever logs out sees nothing any more, in other tabs either', async () => {
  const page = await visitor(browser, bank);
  await page.goto('/login');
  await page.getByLabel('User').fill('admin');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await isLive(page);
  const other = await page.context().newPage();
  await other.goto('/alerts');
  await other.getByRole('heading', { level: 1, name: 'Alerts' }).waitFor();
  await page.getByRole('button', { name: /^You: admin/ }).click();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL(/\/login/);
  await other.goto('/rules');
  await other.waitForURL(/\/login/);
  await close(page);
});
