// An analyst's day on a stream that comes from outside: files that grow, and Kafka's topics.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Bank, bank } from './bank.mjs';
import { as, close, isLive, open } from './browser.mjs';
import { Broker } from './kafka.mjs';

const STREAM = ['generate', '-q', '--rate', '400', '--fraud-rate', '0.15', '--labels', ''];

let browser, folder;
before(async () => {
  browser = await open();
  folder = await mkdtemp(join(tmpdir(), 'bank-web-stream-'));
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Transactions and alerts: how many of them the page says there are. */
const told = (page) => page.evaluate(() => [...document.querySelectorAll('.figure')].slice(0, 2).map((figure) => Number(figure.title.replace(/\D/g, ''))));
const tells = (page, transactions, alerts) =>
  page.waitForFunction((want) => [...document.querySelectorAll('.figure')].slice(0, 2).every((figure, i) => Number(figure.title.replace(/\D/g, '')) === want[i]), [transactions, alerts], { timeout: 60_000 });

async function seesItCome(dashboard, start) {
  const watching = await as(browser, dashboard, 'anna');
  await isLive(watching);
  await watching.getByText('Waiting for transactions').waitFor();
  const listing = await as(browser, dashboard, 'anna');
  await listing.goto('/alerts');
  await listing.getByText('No alerts yet').waitFor();
  const stream = start();
  await watching.locator('section[aria-label="Live feed"] tbody tr').nth(10).waitFor({ timeout: 60_000 });
  await listing.getByRole('button', { name: /^\d+ new$/ }).click({ timeout: 60_000 });
  await listing.locator('section[aria-label="Alerts"] tbody tr').first().waitFor();
  return { watching, listing, stream };
}

/** From the list to a decision: by a filter, the alert, its account and its case. Returns the alert. */
async function worksOne(page, dashboard, admin) {
  await page.getByRole('group', { name: 'Severity' }).getByRole('button', { name: 'High' }).click();
  await page.waitForURL(/severity=HIGH/);
  await page.waitForFunction(() => [...document.querySelectorAll('td.severity')].every((cell) => cell.innerText.trim() === 'High') && document.querySelector('td.severity'), null, { timeout: 30_000 });
  await page.locator('section[aria-label="Alerts"] tbody tr').first().click();
  const panel = page.getByRole('complementary', { name: 'Alert' });
  await panel.getByText('Nothing was done yet.').waitFor();
  const id = new URL(page.url()).searchParams.get('open');
  await panel.getByRole('link', { name: 'Show why it fired' }).click();
  const alert = await dashboard.get(`/alerts/${encodeURIComponent(id)}`, admin);
  await page.getByRole('heading', { name: `Why ${alert.alert_type} fired` }).waitFor();
  await page.getByText('this one', { exact: true }).waitFor();
  await page.goto(`/cases/${encodeURIComponent(alert.case_id)}`);
  await page.getByRole('button', { name: /^Confirm fraud/ }).click();
  await page.getByText('Open → Confirmed fraud').first().waitFor();
  return alert;
}

/** What each role makes of it: a viewer looks, an administrator sees who did it. */
async function othersSee(dashboard, alert) {
  const viewer = await as(browser, dashboard, 'victor');
  await viewer.goto(`/cases/${encodeURIComponent(alert.case_id)}`);
  await viewer.getByRole('region', { name: 'The case', exact: true }).getByText('Confirmed fraud').waitFor();
  assert.equal(await viewer.getByRole('button', { name: /^Reopen/ }).count(), 0);
  assert.ok(!(await viewer.content()).includes(alert.account_number));
  const admin = await as(browser, dashboard, 'admin');
  await admin.goto('/audit?action=case.status');
  await admin.locator('tr', { hasText: alert.case_id }).filter({ hasText: 'anna' }).waitFor();
  await close(viewer, admin);
}

async function survivesARestart(watching, dashboard) {
  await dashboard.stop();
  await watching.getByText('Reconnecting').waitFor();
  await watching.getByText(/without data/).waitFor();
  await dashboard.run();
  await isLive(watching);
  await watching.getByText('Reconnecting').waitFor({ state: 'detached' });
}

test('files that grow: seen as they grow, worked off, and all there after a restart', async () => {
  const [alerts, processed] = ['alerts.json', 'processed.json'].map((name) => join(folder, name));
  const dashboard = await Bank.start({ flags: ['--source', 'file', '--alerts', alerts, '--processed', processed] });
  try {
    const admin = await dashboard.addPeople();
    const { watching, listing, stream } = await seesItCome(dashboard, () => {
      const made = bank([...STREAM, '--stream', '--count', '6000', '--output', '-']);
      const judge = (flags, output) => bank(['detect', '-q', '--file', '-', '--rejected', '', ...flags], { input: made.child.stdout, output });
      return [made, judge(['--output', '-'], alerts), judge(['--output', '', '--processed', '-'], processed)];
    });
    const alert = await worksOne(listing, dashboard, admin);
    await othersSee(dashboard, alert);
    assert.equal(stream[0].child.exitCode, null, 'the stream still runs while the server restarts');
    await survivesARestart(watching, dashboard);
    for (const part of stream) await part.ended;
    const lines = async (path) => (await readFile(path, 'utf8')).trimEnd().split('\n').length;
    assert.equal(await lines(processed), 6000);
    await tells(watching, 6000, await lines(alerts));
    assert.equal((await dashboard.get(`/alerts/${encodeURIComponent(alert.alert_id)}`, admin)).status, 'confirmed_fraud');
    await close(watching, listing);
  } finally {
    await dashboard.remove();
  }
});

test('Kafka: seen as the detector commits, worked off, and all there once after a restart', async () => {
  const broker = await Broker.start();
  const at = ['--bootstrap-server', broker.address];
  const dashboard = await Bank.start({ flags: ['--source', 'kafka', ...at] });
  try {
    const admin = await dashboard.addPeople();
    const { watching, listing, stream } = await seesItCome(dashboard, () => {
      const data = ['--data-dir', folder];
      return [
        bank([...data, 'detect', '--kafka', '-q', '--from-beginning', '--max', '6000', ...at], { env: { BANK_KAFKA_WRITE_PROCESSED: 'yes' } }),
        bank([...data, ...STREAM, '--kafka', '--count', '6000', ...at]),
      ];
    });
    const alert = await worksOne(listing, dashboard, admin);
    assert.match(alert.source, /^banking-transactions\/\d+\/\d+$/);
    await othersSee(dashboard, alert);
    assert.equal(stream[1].child.exitCode, null, 'the stream still runs while the server restarts');
    await survivesARestart(watching, dashboard);
    for (const part of stream) await part.ended;
    const written = await bank(['alerts', '--kafka', '--format', 'json', ...at]).ended;
    await tells(watching, 6000, new Set(written.trimEnd().split('\n').map((line) => JSON.parse(line).alert_id)).size);
    assert.ok((await told(watching))[1] > 0);
    await close(watching, listing);
  } finally {
    await dashboard.remove();
    await broker.remove();
  }
});
