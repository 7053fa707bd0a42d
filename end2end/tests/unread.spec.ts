import { expect, test } from '../support/fixtures.ts';
import { Row } from '../support/pages.ts';

test('three tabs and another device agree on what is unread', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const [first, second, third] = [bob.inbox, await bob.tab(), await bob.tab()];
  const everywhere = [first, second, third, await bob.device()];

  await alice.api.publishAll(['one', 'two', 'three']);
  for (const inbox of everywhere) await inbox.showsUnread(3);

  await new Row(first.row('two')).markRead.click();
  for (const inbox of everywhere) {
    await inbox.showsUnread(2);
    await new Row(inbox.row('two')).isRead();
    await new Row(inbox.row('three')).isUnread();
  }

  await second.markAll.click();
  for (const inbox of everywhere) await inbox.showsUnread(0);
  await expect(third.markAll).toHaveCount(0);

  await second.undo.click();
  for (const inbox of everywhere) {
    await inbox.showsUnread(2);
    await new Row(inbox.row('two')).isRead();
  }
});

test('what takes back a change is stored after it, however long that takes', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  await alice.api.publishAll(['one', 'two']);
  await bob.inbox.showsUnread(2);
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let asked = 0;
  await bob.page.route('**/state', async (route) => {
    if ('seen_upto' in route.request().postDataJSON()) return route.continue();
    asked += 1;
    if (asked === 1) await released;
    await route.continue();
  });

  await bob.inbox.markAll.click();
  await bob.inbox.showsUnread(0);
  await bob.inbox.undo.click();
  await bob.inbox.showsUnread(2);
  await expect.poll(() => asked).toBeGreaterThan(0);
  // Requests go out in the order in which they are made.
  await bob.page.evaluate(() => fetch('/healthz').then((answer) => answer.text()));
  expect(asked).toBe(1);
  const stored = bob.page.waitForResponse((answer) => answer.request().postData()?.includes('"unread":[[') ?? false);
  release();
  await stored;
  expect(await bob.api.unread()).toBe(2);
  await bob.inbox.showsUnread(2);
});

test('what is unread is still unread after a reload, and what was read stays read', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  await alice.api.publishAll(['one', 'two']);
  await bob.inbox.showsUnread(2);
  await new Row(bob.inbox.row('one')).markRead.click();
  await bob.inbox.showsUnread(1);

  await bob.inbox.open();
  await bob.inbox.showsUnread(1);
  await new Row(bob.inbox.row('one')).isRead();
  await new Row(bob.inbox.row('two')).isUnread();
});

test('the favicon has a dot exactly while something is unread', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  await expect(bob.inbox.unreadIcon).toHaveCount(0);
  await alice.api.publish('ding');
  await expect(bob.inbox.unreadIcon).not.toHaveCount(0);
  await bob.inbox.markAll.click();
  await expect(bob.inbox.unreadIcon).toHaveCount(0);
});

test('somebody new starts with nothing unread', async ({ person }) => {
  const alice = await person('alice');
  await alice.api.publishAll(['before', 'your', 'time']);
  const bob = await person('bob');
  await bob.inbox.showsUnread(0);
});

test('what is marked while the page is being left is marked all the same', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  await alice.api.publishAll(['one', 'two', 'three']);
  // Before the page listens itself: what is clicked then waits its turn, and no request has been made yet.
  await bob.page.addInitScript(() => {
    addEventListener('pagehide', () => {
      const buttons = document.querySelectorAll<HTMLButtonElement>('button[aria-label="Mark as read"]');
      buttons.forEach((button) => button.click());
    });
  });
  await bob.inbox.open();
  await bob.inbox.showsUnread(3);
  await bob.page.goto('/settings');
  await expect.poll(() => bob.api.unread()).toBe(0);
});

test('under a filter only what it shows is marked, and Undo brings that back', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  await alice.api.publishAll([
    'for all',
    { message: 'for bob', to: '@bob' },
    'for all again',
    { message: 'for bob again', to: '@bob' },
  ]);
  await bob.inbox.showsUnread(4);
  await bob.page.getByRole('link', { name: '@me' }).click();
  await expect(bob.inbox.rows).toHaveCount(2);
  await expect(bob.inbox.markAll).toHaveCount(0);
  await expect(bob.inbox.markShown).toHaveText('Mark these 2 as read');

  await bob.inbox.markShown.click();
  await expect(bob.page.getByText('2 messages marked as read')).toBeVisible();
  await bob.inbox.showsUnread(2);
  await expect(bob.inbox.markShown).toHaveCount(0);
  await bob.inbox.undo.click();
  await bob.inbox.showsUnread(4);

  await new Row(bob.inbox.row('for bob')).markRead.click();
  await bob.inbox.showsUnread(3);
  await expect(bob.inbox.markShown).toHaveText('Mark this one as read');
  await bob.inbox.markShown.click();
  await bob.inbox.showsUnread(2);

  await bob.inbox.open();
  await bob.inbox.showsUnread(2);
  await new Row(bob.inbox.row('for all')).isUnread();
  await new Row(bob.inbox.row('for bob again')).isRead();
  await expect(bob.inbox.nav.getByRole('link', { name: /^Unread/ })).toHaveText(/^Unread\s*2\s+unread$/);
  await bob.inbox.markAll.click();
  await bob.inbox.showsUnread(0);
});
