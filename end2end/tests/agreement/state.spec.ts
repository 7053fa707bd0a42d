import { Row } from '../../support/pages.ts';
import { type Device, expect, onEach, type Someone, test, WAYS } from '../../support/someone.ts';
import { Stream } from '../../support/stream.ts';

/** What one does is one's own: nothing of it is on the other person's devices. */
async function isUntouched({ both }: Someone, texts: string[]): Promise<void> {
  await onEach(both, async (device) => {
    await device.lists(texts);
    await device.countsUnread(texts.length);
    for (const text of texts) await expect(device.inbox.row(text)).not.toHaveClass(/is-saved|is-archived/);
  });
}

for (const { how, javaScriptEnabled } of WAYS) {
  test.describe(how, () => {
    /** Keeps Undo there while others look. */
    async function hold(device: Device): Promise<void> {
      if (javaScriptEnabled) await device.inbox.undo.hover();
    }

    /** Takes back what was just done: by Undo, or where there is none by the opposite. */
    async function undo(device: Device, opposite: () => Promise<void>): Promise<void> {
      await (javaScriptEnabled ? device.inbox.undo.click() : opposite());
    }

    test('what is done with one message is so on both devices of the person, and undone on both', async ({ someone, program }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await program('eve');
      const texts = ['three', 'two', 'one'];
      await eve.publishAll(texts.toReversed());
      await onEach([...alice.both, ...bob.both], async (device) => device.lists(texts));
      const { other } = alice;
      const two = other.inbox.row('two');
      const everywhere = (look: (device: Device) => Promise<void>) => onEach([other, alice.live], look);

      await other.press(two, 'markRead');
      await hold(other);
      await everywhere(async (device) => {
        await new Row(device.inbox.row('two')).isRead();
        await new Row(device.inbox.row('one')).isUnread();
        await device.countsUnread(2);
      });
      await undo(other, () => other.press(two, 'markUnread'));
      await everywhere(async (device) => {
        await new Row(device.inbox.row('two')).isUnread();
        await device.countsUnread(3);
      });

      await other.press(two, 'save');
      await hold(other);
      await everywhere(async ({ inbox }) => expect(inbox.row('two')).toHaveClass(/is-saved/));
      await undo(other, () => other.press(two, 'unsave'));
      await everywhere(async ({ inbox }) => expect(inbox.row('two')).not.toHaveClass(/is-saved/));

      await other.press(two, 'archive');
      await hold(other);
      await everywhere(async (device) => {
        await device.lists(['three', 'one']);
        await device.countsUnread(2);
      });
      await undo(other, async () => {
        await other.open('/?filter=archived');
        await other.press(two, 'unarchive');
        await other.open();
        await other.press(two, 'markUnread');
      });
      await everywhere(async (device) => {
        await device.lists(texts);
        await device.countsUnread(3);
      });
      await isUntouched(bob, texts);
    });

    test('all that is unread is read on both devices at once, and what comes then is not', async ({ someone, program }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await program('eve');
      await eve.publishAll(['one', 'two', 'three']);
      await onEach(alice.both, async (device) => device.countsUnread(3));

      await alice.other.does(() => alice.other.inbox.markAll.click());
      await onEach([alice.other, alice.live], async (device) => {
        await device.countsUnread(0);
        await new Row(device.inbox.row('two')).isRead();
        await expect(device.inbox.markAll).toHaveCount(0);
      });
      if (javaScriptEnabled) {
        await alice.other.inbox.undo.click();
        await onEach([alice.other, alice.live], async (device) => device.countsUnread(3));
        await alice.other.inbox.markAll.click();
      }

      await eve.publish('four');
      await onEach(alice.both, async (device) => {
        await device.countsUnread(1);
        await new Row(device.inbox.row('four')).isUnread();
      });
      await isUntouched(bob, ['four', 'three', 'two', 'one']);
    });

    test('all up to what a device has shown is read, and what it has not heard of stays unread', async ({ someone, program }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await program('eve');
      await eve.publishAll(['one', 'two', 'three']);
      const stream = await Stream.lay(alice.other.page);
      await alice.other.open();
      await alice.other.countsUnread(3);
      if (javaScriptEnabled) await stream.hold();
      await eve.publish('unheard of');
      await alice.live.countsUnread(4);

      await alice.other.does(() => alice.other.inbox.markAll.click());
      await alice.live.countsUnread(1);
      if (javaScriptEnabled) {
        await alice.other.countsUnread(0);
        await stream.release();
        await alice.other.inbox.live();
      }
      await onEach(alice.both, async (device) => {
        await new Row(device.inbox.row('three')).isRead();
        await new Row(device.inbox.row('unheard of')).isUnread();
        await device.countsUnread(1);
      });
      await isUntouched(bob, ['unheard of', 'three', 'two', 'one']);
    });

    test('what is done with several at once is so on both devices', async ({ someone, program }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await program('eve');
      const texts = ['four', 'three', 'two', 'one'];
      await eve.publishAll(texts.toReversed());
      await onEach(alice.both, async (device) => device.lists(texts));
      const { other } = alice;
      const rows = (...names: string[]) => names.map((name) => other.inbox.row(name));

      await other.pickAnd(rows('four', 'two'), 'Mark as read');
      await onEach([other, alice.live], async (device) => {
        await device.countsUnread(2);
        for (const text of ['four', 'two']) await new Row(device.inbox.row(text)).isRead();
        for (const text of ['three', 'one']) await new Row(device.inbox.row(text)).isUnread();
      });
      await other.pickAnd(rows('four', 'one'), 'Save');
      await onEach([other, alice.live], async ({ inbox }) => {
        for (const text of ['four', 'one']) await expect(inbox.row(text)).toHaveClass(/is-saved/);
        await expect(inbox.row('two')).not.toHaveClass(/is-saved/);
      });
      await other.pickAnd(rows('two'), 'Mark as unread');
      await onEach([other, alice.live], async (device) => device.countsUnread(3));
      await other.pickAnd(rows('three', 'two'), 'Archive');
      await onEach([other, alice.live], async (device) => {
        await device.lists(['four', 'one']);
        await device.countsUnread(1);
      });
      await isUntouched(bob, texts);
    });
  });
}
