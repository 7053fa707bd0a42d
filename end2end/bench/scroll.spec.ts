import { expect, test } from '../support/fixtures.ts';

// Run by hand, as it measures this machine as much as the page: npx playwright test -c end2end/bench
const MESSAGES = 10_000;
/** What a reader feels (https://w3c.github.io/longtasks/). */
const LONG_TASK_MS = 50;

declare global {
  interface Window {
    longTasks: { what: string; ms: number }[];
    what: string;
  }
}

test('a list of 10,000 messages is loaded and scrolled without a long task', async ({ person }) => {
  test.setTimeout(600_000);
  const alice = await person('alice');
  const { page, inbox } = await person('bob');
  // Nobody looks while they are sent, which would take minutes, nor beside what is measured.
  for (const looking of [page, alice.page]) await looking.goto('about:blank');
  for (let sent = 0; sent < MESSAGES; sent += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, n) => alice.api.publish(`message ${sent + n}`)));
  }
  await inbox.open();
  await page.evaluate(() => {
    window.longTasks = [];
    window.what = 'loading';
    new PerformanceObserver((list) => {
      for (const task of list.getEntries()) window.longTasks.push({ what: window.what, ms: Math.round(task.duration) });
    }).observe({ type: 'longtask' });
  });

  // Collections that are alive, as to look through so many rows takes as long as what is measured.
  const hasMore = () => page.evaluate(() => document.getElementsByClassName('feed-more').length > 0);
  await page.mouse.move(600, 500);
  while (await hasMore()) {
    await page.mouse.wheel(0, 3_000);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  // By a selector: to look for roles in so many rows takes longer than to scroll through them.
  const rows = page.locator('.feed article');
  await expect(rows).toHaveCount(MESSAGES);

  // What loading has left to do is not counted.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_000)));
  await page.evaluate(() => (window.what = 'jumping'));
  for (let step = 100; step >= 0; step--) {
    await page.evaluate((part) => window.scrollTo(0, (document.body.scrollHeight * part) / 100), step);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  await page.evaluate(() => (window.what = 'wheeling'));
  for (let turn = 0; turn < 100; turn++) {
    await page.mouse.wheel(0, 400);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.evaluate(() => (window.what = 'arriving'));
  await alice.api.publish('the last');
  await expect(rows).toHaveCount(MESSAGES + 1);
  await page.evaluate(() => (window.what = 'marking all'));
  await inbox.markAll.click();
  await inbox.showsUnread(0);

  const long = (await page.evaluate(() => window.longTasks)).filter(({ ms }) => ms > LONG_TASK_MS);
  console.log(`long tasks: ${JSON.stringify(long)}`);
  expect(long.filter(({ what }) => what !== 'marking all')).toEqual([]);
});
