import { Row } from '../../support/pages.ts';
import { type Device, expect, onEach, test, WAYS } from '../../support/someone.ts';

/** More than the newest page holds. */
const LINES = Array.from({ length: 55 }, (_, n) => `line ${n}`);

for (const { how, javaScriptEnabled } of WAYS) {
  test.describe(how, () => {
    test('what is done with a row counts on a device that has not loaded it, and shows when it has', async ({ someone, program }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await program('eve');
      const oldest = [await eve.publish('first'), await eve.publish('second'), await eve.publish('third')];
      const [first, second, third] = oldest.map(({ id }) => alice.other.inbox.message(id));
      if (!first || !second || !third) throw new Error('three were published');
      await eve.publishAll(LINES);
      await alice.live.open();
      await alice.live.countsUnread(58);
      for (const { id } of oldest) await expect(alice.live.inbox.message(id)).toHaveCount(0);

      await alice.other.open('/history');
      await alice.other.search('from:eve -line');
      await alice.other.press(first, 'markRead');
      await alice.live.countsUnread(57);
      await alice.other.press(second, 'archive');
      await alice.live.countsUnread(56);
      await alice.other.press(third, 'save');
      await expect(third).toHaveClass(/is-saved/);
      await onEach([alice.other, alice.live], async (device) => device.countsUnread(56));

      await alice.live.inbox.older.scrollIntoViewIfNeeded();
      await new Row(alice.live.inbox.row('first')).isRead();
      await new Row(alice.live.inbox.row('third')).isUnread();
      await expect(alice.live.inbox.row('third')).toHaveClass(/is-saved/);
      await expect(alice.live.inbox.row('second')).toHaveCount(0);
      await onEach(bob.both, async (device) => device.countsUnread(58));
    });

    test('the way to the first unread message leads to it, wherever it is', async ({ someone, program }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await program('eve');
      const { id } = await eve.publish('the first of all');
      await eve.publishAll(LINES);
      await alice.other.open();
      await alice.other.does(() => alice.other.inbox.markAll.click());
      await alice.live.countsUnread(0);

      // Loaded: the row itself, or the view of what is unread.
      await eve.publishAll(['unread', 'unread too']);
      await alice.other.open();
      await alice.other.does(() => alice.other.inbox.jump.click());
      if (javaScriptEnabled) await expect(alice.other.inbox.row('unread')).toBeFocused();
      else await alice.other.lists(['unread too', 'unread']);
      await expect(alice.other.inbox.row('unread')).toBeInViewport();

      // Not loaded.
      await alice.other.open();
      await alice.other.does(() => alice.other.inbox.markAll.click());
      await alice.live.countsUnread(0);
      await alice.other.open(`/m/${id}`);
      await alice.other.press(alice.other.inbox.message(id), 'markUnread');
      await alice.live.countsUnread(1);
      await onEach(alice.both, async (device) => {
        await device.open();
        await device.countsUnread(1);
        await device.inbox.jump.click();
        await expect(device.inbox.row('the first of all')).toBeInViewport();
        await new Row(device.inbox.row('the first of all')).isUnread();
      });
      await onEach(bob.both, async (device) => device.countsUnread(58));
    });
  });
}

test('where more is unread than a page holds, the way to the first leads to the first', async ({ someone, program }) => {
  const alice = await someone('alice');
  const eve = await program('eve');
  await eve.publish('the first of all');
  await eve.publishAll(LINES);
  await onEach(alice.both, async (device) => {
    await device.open();
    await device.countsUnread(56);
    await device.inbox.jump.click();
    await expect(device.inbox.row('the first of all')).toBeInViewport();
  });
});

test('what one device has shown is seen for the other as well, and stays unread', async ({ someone, program }) => {
  const alice = await someone('alice', true);
  const bob = await someone('bob');
  const eve = await program('eve');
  // A list of everything shows a part, from which nothing follows about the inbox.
  const told: string[] = [];
  alice.live.page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => told.push(String(payload))));
  await onEach([alice.live, ...bob.both], async (device) => device.open('/history'));
  const seen = async ({ page }: Device): Promise<number> => {
    const inbox = (await (await page.request.get('/inbox')).json()) as { seen_upto: number };
    return inbox.seen_upto;
  };

  const { id } = await eve.publish('look');
  await expect(alice.other.inbox.row('look')).toBeVisible();
  const isTold = new RegExp(`"seen_upto":${id}\\b`);
  await expect.poll(() => told.some((frame) => isTold.test(frame))).toBe(true);
  for (const device of alice.both) {
    expect(await seen(device)).toBe(id);
    await device.countsUnread(1);
  }
  // Nobody has looked at it for bob.
  for (const device of bob.both) expect(await seen(device)).toBeLessThan(id);
});
