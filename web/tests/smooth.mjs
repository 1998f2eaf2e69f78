// How smooth the live page is while 5,000 transactions a second stream by: node tests/smooth.mjs [RATE [SECONDS]]
// Tells the gaps between frames, the long tasks (over 50 ms, as browsers count them), and how busy the page's thread was.
import { Bank } from './bank.mjs';
import { as, isLive, open } from './browser.mjs';

const [rate, seconds] = [Number(process.argv[2] ?? 5000), Number(process.argv[3] ?? 20)];

/** In the page: a time for each frame, and the long tasks, for so long. */
async function watch(ms) {
  const [frames, tasks] = [[], []];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration)));
  observer.observe({ type: 'longtask' });
  const end = performance.now() + ms;
  await new Promise((done) => {
    const frame = (now) => {
      frames.push(now);
      if (now < end) requestAnimationFrame(frame);
      else done();
    };
    requestAnimationFrame(frame);
  });
  observer.disconnect();
  return { gaps: frames.slice(1).map((at, i) => at - frames[i]), tasks };
}

/** Measures the live page of a bank at this rate. */
export async function smoothness(page, ms) {
  const probe = await page.context().newCDPSession(page);
  await probe.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => (await probe.send('Performance.getMetrics')).metrics.find((metric) => metric.name === 'TaskDuration').value * 1000;
  const before = await busy();
  const { gaps, tasks } = await page.evaluate(watch, ms);
  gaps.sort((a, b) => a - b);
  const at = (share) => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))];
  return { frames: gaps.length, median: at(0.5), p99: at(0.99), longest: at(1), longTasks: tasks.length, longestTask: Math.max(0, ...tasks), busy: ((await busy()) - before) / ms };
}

if (process.argv[1] === import.meta.filename) {
  const bank = await Bank.start({ rate });
  const browser = await open();
  try {
    await bank.addPeople();
    const page = await as(browser, bank, 'anna');
    await isLive(page);
    await page.waitForTimeout(5000);
    const it = await smoothness(page, seconds * 1000);
    const ms = (value) => `${value.toFixed(1)} ms`;
    console.log(`${rate} transactions a second, ${seconds} s: ${it.frames} frames, gaps ${ms(it.median)} in the median, ${ms(it.p99)} at the 99th percentile, ${ms(it.longest)} at most;`);
    console.log(`${it.longTasks} long tasks${it.longTasks ? `, the longest of ${ms(it.longestTask)}` : ''}; the page's thread was busy ${(it.busy * 100).toFixed(1)} % of the time`);
  } finally {
    await browser.close();
    await bank.remove();
  }
}
