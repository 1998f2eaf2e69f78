// Every page, light and dark, wide and phone: node tests/screenshots.mjs DIRECTORY
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Bank, until } from './bank.mjs';
import { as, open, PHONE, visitor, WIDE } from './browser.mjs';
import { everyPage, settled } from './pages.mjs';
import { Receiver } from './receiver.mjs';

/** Of the alerts whose rule looks at a window, the one with the most in it. */
async function mostToExplain(bank, session) {
  const alerts = await bank.hasAlerts(session, 'rule=VELOCITY,LOCATION_HOPPING,FAILED_ATTEMPTS,REPEAT_CHARGE,PROBE_THEN_DRAIN', 3);
  const sizes = new Map();
  for (const { alert_id: id, account_ref: account } of alerts.slice(0, 30)) {
    const { explanation } = await bank.get(`/accounts/${encodeURIComponent(account)}?around=${encodeURIComponent(id)}`, session);
    sizes.set(id, explanation?.windows[0]?.transaction_ids.length ?? 0);
  }
  return alerts.reduce((best, alert) => ((sizes.get(alert.alert_id) ?? 0) > (sizes.get(best.alert_id) ?? 0) ? alert : best));
}

const directory = process.argv[2] ?? 'screenshots';
await mkdir(directory, { recursive: true });
// One that refuses, so that there is something to send again or to discard.
const receiver = await Receiver.start('fraud-desk');
const bank = await Bank.start({ flags: ['--source', 'demo', '--rate', '600', '--notifications', receiver.file] });
const browser = await open();
try {
  const admin = await bank.addPeople();
  await until('the stream runs', 90, async () => (await bank.get('/statistics', admin)).rates.transactions_per_s > 300);
  const alerts = await bank.hasAlerts(admin, '', 60);
  const explained = await mostToExplain(bank, admin);
  const pages = everyPage(explained);
  // Some work is done, as on any day.
  const some = (from, to) => alerts.slice(from, to).map((alert) => alert.alert_id);
  await bank.post('/alerts/bulk', { ids: some(10, 24), status: 'confirmed_fraud', assignee: 'anna', note: 'The customer did not make this payment.' }, admin);
  await bank.post('/alerts/bulk', { ids: some(24, 30), status: 'false_positive', assignee: 'anna' }, admin);
  await bank.post('/alerts/bulk', { ids: [...some(2, 7), explained.alert_id], status: 'acknowledged', assignee: 'admin', note: 'Asked the branch to call back.' }, admin);
  for (const [size, options] of [['wide', WIDE], ['phone', PHONE]]) {
    for (const colorScheme of ['light', 'dark']) {
      const shoot = (page, name) => page.screenshot({ path: join(directory, `${name}-${size}-${colorScheme}.png`) });
      const stranger = await visitor(browser, bank, { ...options, colorScheme });
      await stranger.goto('/login');
      await settled(stranger);
      await shoot(stranger, 'login');
      await stranger.context().close();
      const page = await as(browser, bank, 'admin', { ...options, colorScheme });
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(path);
        await settled(page);
        await page.waitForTimeout(name === 'live' ? 3000 : 500);
        await shoot(page, name);
      }
      await page.context().close();
    }
  }
  console.log(directory);
} finally {
  await browser.close();
  await bank.remove();
  await receiver.close();
}
