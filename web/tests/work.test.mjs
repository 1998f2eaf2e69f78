import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bank } from './bank.mjs';
import { as, close, open } from './browser.mjs';

let bank, browser, admin;
before(async () => {
  bank = await Bank.start({ rate: 20 });
  browser = await open();
  admin = await bank.addPeople();
  await bank.highAmounts(admin, 12);
});
after(async () => {
  await browser?.close();
  await bank?.remove();
});

const rows = (page) => page.locator('section[aria-label="Alerts"] tbody tr');
const panel = (page) => page.getByRole('complementary', { name: 'Alert' });

test('filters narrow the list, and are in the address', async () => {
  const page = await as(browser, bank, 'anna');
  const [one] = await bank.hasAlerts(admin, 'severity=HIGH');
  await page.goto('/alerts');
  await rows(page).first().waitFor();
  await page.getByRole('group', { name: 'Severity' }).getByRole('button', { name: 'High' }).click();
  await page.waitForURL(/severity=HIGH/);
  await page.waitForFunction(() => [...document.querySelectorAll('td.severity')].every((cell) => cell.innerText.trim() === 'High') && document.querySelector('td.severity'));
  await page.reload();
  await rows(page).first().waitFor();
  assert.equal(await page.getByRole('group', { name: 'Severity' }).getByRole('button', { name: 'High' }).getAttribute('aria-pressed'), 'true');

  await page.getByRole('button', { name: 'Clear' }).click();
  await page.getByRole('search', { name: 'Filter alerts' }).getByRole('searchbox').fill(one.transaction_id);
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=/);
  await page.waitForFunction((n) => document.querySelectorAll('section[aria-label="Alerts"] tbody tr').length <= n && document.querySelector('tbody tr'), 8);
  await page.getByRole('search', { name: 'Filter alerts' }).getByRole('searchbox').fill('nothing is called this');
  await page.keyboard.press('Enter');
  await page.getByText('No alert fits').waitFor();
  await close(page);
});

test('a time range is taken in the viewer’s zone, and a link to it means the same in another', async () => {
  const alert = await bank.velocity(admin);
  const at = Date.parse(alert.time);
  const utc = (ms) => new Date(ms).toISOString();
  const page = await as(browser, bank, 'anna', { timezoneId: 'America/New_York' });
  await page.goto('/alerts?rule=VELOCITY');
  await rows(page).first().waitFor();
  await page.getByLabel('Time', { exact: true }).selectOption('From … to …');
  const field = (ms) => new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/New_York', dateStyle: 'short', timeStyle: 'medium' }).format(ms).replace(' ', 'T');
  await page.getByLabel('From', { exact: true }).fill(field(at - 60_000));
  await page.getByLabel('To', { exact: true }).fill(field(at + 1000));
  await page.waitForURL((url) => url.searchParams.get('to') !== null);
  const range = new URL(page.url()).searchParams;
  assert.equal(range.get('from'), utc(Math.floor((at - 60_000) / 1000) * 1000));
  const row = rows(page).filter({ hasText: alert.account_number });
  await row.waitFor();
  await page.getByLabel('To', { exact: true }).fill(field(at - 30_000));
  await row.waitFor({ state: 'detached' });
  await page.getByLabel('To', { exact: true }).fill(field(at - 120_000));
  await page.getByText('The end is not after the beginning.').waitFor();

  const other = await as(browser, bank, 'anna', { timezoneId: 'Europe/Berlin' });
  await other.goto(`/alerts?rule=VELOCITY&since=own&from=${utc(at - 60_000)}&to=${utc(at + 1000)}`);
  await rows(other).filter({ hasText: alert.account_number }).waitFor();
  await other.getByRole('button', { name: 'Clear' }).click();
  await other.waitForURL((url) => url.search === '');
  await close(page, other);
});

test('Back closes an alert that was opened from the list, and the list is as it was', async () => {
  const page = await as(browser, bank, 'anna');
  await page.goto('/rules');
  await page.goto('/alerts?severity=HIGH');
  await rows(page).first().click();
  await panel(page).waitFor();
  await page.goBack();
  await panel(page).waitFor({ state: 'detached' });
  assert.equal(new URL(page.url()).search, '?severity=HIGH');
  await rows(page).first().click();
  await page.keyboard.press('j');
  await page.keyboard.press('Escape');
  await panel(page).waitFor({ state: 'detached' });
  await page.goBack();
  await page.waitForURL(/\/rules$/);
  await close(page);
});

test('an alert is worked by keys alone, and others see it at once', async () => {
  const anna = await as(browser, bank, 'anna');
  const admins = await as(browser, bank, 'admin');
  await anna.goto('/alerts?status=open');
  await rows(anna).first().waitFor();
  await anna.keyboard.press('j');
  await anna.keyboard.press('j');
  await anna.keyboard.press('k');
  await anna.keyboard.press('Enter');
  await panel(anna).getByText('Nothing was done yet.').waitFor();
  const id = new URL(anna.url()).searchParams.get('open');
  await admins.goto(`/alerts?open=${encodeURIComponent(id)}`);
  await panel(admins).getByText('Nothing was done yet.').waitFor();

  await anna.keyboard.press('a');
  await panel(anna).getByText('Open → Acknowledged').waitFor();
  await panel(admins).getByText('Open → Acknowledged').waitFor();
  await anna.keyboard.press('m');
  await panel(anna).getByText('assigned to anna').waitFor();
  await anna.keyboard.press('n');
  await anna.keyboard.type('Called the customer <b>twice</b>');
  await anna.keyboard.press('Control+Enter');
  await panel(anna).getByText('Called the customer <b>twice</b>').waitFor();
  await anna.keyboard.press('Escape');
  await anna.keyboard.press('f');
  await panel(anna).getByText('Acknowledged → Confirmed fraud').waitFor();
  await anna.keyboard.press('Escape');
  await panel(anna).waitFor({ state: 'detached' });

  const alert = await bank.get(`/alerts/${encodeURIComponent(id)}`, admin);
  assert.deepEqual([alert.status, alert.assignee, alert.notes[0].text], ['confirmed_fraud', 'anna', 'Called the customer <b>twice</b>']);
  assert.ok(alert.audit.filter((entry) => entry.user === 'anna').length >= 3);
  await close(anna, admins);
});

test('several alerts at once', async () => {
  const page = await as(browser, bank, 'anna');
  await page.goto('/alerts?status=open');
  await rows(page).nth(3).waitFor();
  const ids = [];
  for (let i = 0; i < 3; i++) {
    const box = rows(page).nth(i).getByRole('checkbox');
    ids.push((await box.getAttribute('aria-label')).replace('Select ', ''));
    await box.check();
  }
  await page.getByText('3 selected').waitFor();
  await page.getByLabel('Note to go with the change').fill('known customer');
  await page.getByRole('region', { name: 'Selected alerts' }).getByRole('button', { name: /^False positive/ }).click();
  await page.getByText('3 alerts marked as false positive').waitFor();
  for (const id of ids) {
    const alert = await bank.get(`/alerts/${encodeURIComponent(id)}`, admin);
    assert.deepEqual([alert.status, alert.notes[0]?.text], ['false_positive', 'known customer']);
  }
  await close(page);
});

test('who comes too late with a decision is told, and sees what holds', async () => {
  const [alert] = await bank.hasAlerts(admin, 'status=open');
  const page = await as(browser, bank, 'anna');
  const url = `/api/v1/alerts/${encodeURIComponent(alert.alert_id)}`;
  await page.route(`**${url}`, async (route) => {
    // Between reading and writing somebody else decides.
    if (route.request().method() === 'PATCH') {
      await fetch(bank.base + url, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json', Origin: bank.base, Cookie: admin.cookie, 'X-CSRF-Token': admin.csrf },
        body: JSON.stringify({ status: 'closed', version: alert.version }),
      });
    }
    await route.continue();
  });
  await page.goto(`/alerts?open=${encodeURIComponent(alert.alert_id)}`);
  await panel(page).getByRole('button', { name: /^Confirm fraud/ }).click();
  await page.getByText('Somebody else changed this alert meanwhile').waitFor();
  await panel(page).getByText('Open → Closed').waitFor();
  await close(page);
});

test('an account shows why the rule fired', async () => {
  const alert = await bank.velocity(admin);
  const page = await as(browser, bank, 'anna');
  await page.goto(`/alerts?open=${encodeURIComponent(alert.alert_id)}`);
  await panel(page).getByRole('link', { name: 'Show why it fired' }).click();
  await page.getByRole('heading', { name: `Why ${alert.alert_type} fired` }).waitFor();
  const { explanation } = await bank.get(`/accounts/${encodeURIComponent(alert.account_ref)}?around=${encodeURIComponent(alert.alert_id)}`, admin);
  await page.getByText(explanation.when, { exact: true }).waitFor();
  const others = explanation.windows[0].transaction_ids.filter((id) => id !== alert.transaction_id);
  assert.ok(others.length > 0);
  assert.equal(await page.locator('.dot.judged').count(), 1);
  assert.equal(await page.locator('.dot.inside').count(), others.length);
  await page.getByText('this one', { exact: true }).waitFor();
  assert.ok(!page.url().includes(alert.account_number), 'no account number in the address');
  await page.getByRole('button', { name: 'All', exact: true }).click();
  await page.waitForURL(/span=all/);
  await page.reload();
  assert.equal(await page.getByRole('button', { name: 'All', exact: true }).getAttribute('aria-pressed'), 'true');
  await close(page);
});

test("a case's decision holds for its alerts, and counts for the rule's precision", async () => {
  const page = await as(browser, bank, 'anna');
  await page.goto('/cases');
  await page.locator('section[aria-label="Cases"] tbody tr').first().click();
  await page.getByText('What is decided here holds for all alerts of the case.').waitFor();
  const id = decodeURIComponent(new URL(page.url()).pathname.split('/').pop());
  await page.getByRole('button', { name: /^Confirm fraud/ }).click();
  await page.getByText('Open → Confirmed fraud').first().waitFor();
  const { alert_items: alerts } = await bank.get(`/cases/${encodeURIComponent(id)}`, admin);
  assert.ok(alerts.length > 0 && alerts.some((alert) => alert.status === 'confirmed_fraud'));
  await page.getByLabel('Write a note').fill('card blocked');
  await page.getByRole('button', { name: 'Add note' }).click();
  await page.getByText('card blocked').waitFor();

  await page.goto('/rules');
  const card = page.locator('li.card', { has: page.getByRole('heading', { name: alerts[0].alert_type, exact: true }) });
  await card.getByText(/of \d+ were fraud/).waitFor();
  await close(page);
});

test('what was decided outlives the server', async () => {
  const decided = await bank.get('/alerts?status=confirmed_fraud&limit=200', admin);
  await bank.stop();
  await bank.run();
  const page = await as(browser, bank, 'anna');
  await page.goto('/alerts?status=confirmed_fraud');
  await rows(page).first().waitFor();
  assert.ok((await rows(page).count()) >= Math.min(50, decided.items.length));
  await close(page);
});
