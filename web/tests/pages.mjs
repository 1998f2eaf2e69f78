// Every page, with an alert, a case and an account that exist: for the looks at all of them.
export function everyPage(alert) {
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
    notifications: '/notifications?state=dead',
    audit: '/audit',
  };
}

/** Waits until the page shows what it has loaded. */
export async function settled(page) {
  await page.locator('main, #content').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('.loading'));
  await page.evaluate(() => document.fonts.ready);
}
