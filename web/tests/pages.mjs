// Every page, with an alert, a case and an account that exist: for the looks at all of them.
/** Of rules that look at a window, so that there is something to explain. */
export const WITH_WINDOW = 'rule=VELOCITY,LOCATION_HOPPING,FAILED_ATTEMPTS,REPEAT_CHARGE,PROBE_THEN_DRAIN';

export async function everyPage(bank, session) {
  const [alert] = await bank.hasAlerts(session, WITH_WINDOW);
  const id = encodeURIComponent(alert.alert_id);
  return {
    live: '/',
    alerts: '/alerts?status=open,acknowledged',
    alert: `/alerts?status=open,acknowledged&open=${id}`,
    cases: '/cases',
    case: `/cases/${encodeURIComponent(alert.case_id)}`,
    account: `/accounts/${encodeURIComponent(alert.account_ref)}?around=${id}`,
    rules: '/rules',
    health: '/health',
    users: '/users',
    tokens: '/tokens',
    audit: '/audit',
  };
}

/** Waits until the page shows what it has loaded. */
export async function settled(page) {
  await page.locator('main, #content').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('.loading'));
  await page.evaluate(() => document.fonts.ready);
}
