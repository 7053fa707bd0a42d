import type { Locator } from '@playwright/test';

import { expect, test } from '../support/fixtures.ts';
import { Inbox } from '../support/pages.ts';

/** Messages on a page. */
const PAGE = 50;

const numbered = (count: number) => Array.from({ length: count }, (_, number) => `number ${number}`);

/** Where the row stands on the screen, in whole pixels. */
async function top(row: Locator): Promise<number> {
  const box = await row.boundingBox();
  if (!box) throw new Error('the row is not on the page');
  return Math.round(box.y);
}

/** The same, once it is the same in one frame after the other. */
async function settled(row: Locator): Promise<number> {
  let before = await top(row);
  await expect(async () => {
    const was = before;
    before = await row.page().evaluate(() => new Promise(requestAnimationFrame)).then(() => top(row));
    expect(before).toBe(was);
  }).toPass();
  return before;
}

test('the list stays where it is being read while messages arrive', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  await alice.api.publishAll(numbered(40));
  await expect(bob.inbox.row('number 39')).toBeVisible();
  const read = bob.inbox.row('number 15');
  await read.scrollIntoViewIfNeeded();
  await expect(bob.inbox.row('number 39')).not.toBeInViewport();
  const before = await top(read);

  await alice.api.publishAll(['new one', 'new two', 'new three']);
  await expect(bob.inbox.newPill).toHaveText('3 new messages');
  expect(await top(read)).toBe(before);
  await expect(bob.inbox.row('new three')).not.toBeInViewport();

  await bob.inbox.newPill.click();
  await expect(bob.inbox.row('new three')).toBeInViewport();
  await expect(bob.inbox.newPill).toHaveCount(0);
});

test('at the top, new messages simply appear', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  await alice.api.publishAll(numbered(30));
  await expect(bob.inbox.row('number 29')).toBeInViewport();
  await alice.api.publish('the newest');
  await expect(bob.inbox.row('the newest')).toBeInViewport();
  await expect(bob.inbox.newPill).toHaveCount(0);
});

test('older messages load by scrolling and leave the rows where they are', async ({ person }) => {
  const alice = await person('alice');
  await alice.api.publishAll(numbered(260));
  const bob = await person('bob');
  await expect(bob.inbox.row('number 259')).toBeVisible();
  const loaded = await bob.inbox.rows.count();
  expect(loaded).toBeLessThan(260);

  const last = bob.inbox.rows.last();
  const text = (await last.locator('.message-text').textContent()) ?? '';
  // They come once it is known where the list stands without them: what is on the way there is laid out as it is passed.
  let answer = () => {};
  const measured = new Promise<void>((resolve) => (answer = resolve));
  await bob.page.route(/[?&]before=/, async (route) => {
    await measured;
    await route.continue();
  });
  await last.scrollIntoViewIfNeeded();
  const before = await settled(bob.inbox.row(text));
  answer();
  await expect.poll(() => bob.inbox.rows.count()).toBeGreaterThan(loaded);
  expect(await top(bob.inbox.row(text))).toBe(before);

  await expect(async () => {
    await bob.inbox.rows.last().scrollIntoViewIfNeeded();
    await expect(bob.inbox.beginning).toBeVisible({ timeout: 100 });
  }).toPass();
  expect(await bob.inbox.texts()).toEqual(numbered(260).toReversed());
});

test('who stays at the end of the list while it grows gets all of it, in one list', async ({ person }) => {
  const alice = await person('alice');
  await alice.api.publishAll(numbered(600));
  const { page, inbox } = await person('bob');
  await page.evaluate(async () => {
    while (document.querySelector('.feed-more')) {
      window.scrollTo(0, document.body.scrollHeight);
      await new Promise(requestAnimationFrame);
    }
  });
  await expect(inbox.beginning).toBeVisible();
  expect(await inbox.texts()).toEqual(numbered(600).toReversed());
  const items = inbox.feed.getByRole('list').getByRole('listitem').filter({ has: page.getByRole('article') });
  await expect(items).toHaveCount(600);
});

test('older messages are a link away where scrolling does nothing', async ({ newBrowser, person }) => {
  const alice = await person('alice');
  await alice.api.publishAll(numbered(260));
  const storageState = await alice.page.context().storageState();
  const context = await newBrowser({ javaScriptEnabled: false, storageState });
  const page = await context.newPage();
  const inbox = new Inbox(page);
  await page.goto('/');
  const left = numbered(260).toReversed();
  while (left.length > 0) {
    const shown = left.splice(0, PAGE);
    await expect.poll(() => inbox.texts()).toEqual(shown);
    if (left.length > 0) await inbox.older.click();
  }
  await expect(inbox.older).toBeDisabled();
});
