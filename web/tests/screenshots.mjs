// Every page, light and dark, wide and phone: node tests/screenshots.mjs DIRECTORY
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Bank } from './bank.mjs';
import { as, open, PHONE, visitor, WIDE } from './browser.mjs';
import { everyPage, settled } from './pages.mjs';

const directory = process.argv[2] ?? 'screenshots';
await mkdir(directory, { recursive: true });
const bank = await Bank.start(120);
const browser = await open();
try {
  const admin = await bank.addPeople();
  await bank.hasAlerts(admin, '', 60);
  const pages = await everyPage(bank, admin);
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
}
