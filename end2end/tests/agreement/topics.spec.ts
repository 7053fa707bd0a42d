import { type Device, expect, onEach, test, WAYS } from '../../support/someone.ts';
import { Topics } from '../../support/topics.ts';

for (const { how, javaScriptEnabled } of WAYS) {
  test.describe(how, () => {
    test('a public topic brings to every device what is sent while one is in it', async ({ someone, program }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await program('eve');
      const topic = await bob.api.createPublicTopic('ops');
      const topics = new Topics(alice.other);
      const send = (message: string) => bob.api.publish({ message, to: '#ops' });

      await send('before');
      await topics.join(topic);
      await expect(topics.members).toHaveText('2 members');
      await expect(alice.live.topic('ops')).toBeVisible();
      await send('during');
      await alice.other.open();
      await alice.other.send('of alice', ['#ops']);
      await onEach(alice.both, async (device) => {
        await device.lists(['of alice', 'during']);
        await device.countsUnread(1);
      });

      await topics.leave(topic);
      await expect(alice.live.topic('ops')).toHaveCount(0);
      await send('between');
      await topics.join(topic);
      await send('after');
      await alice.other.open();
      await onEach(alice.both, async (device) => {
        await expect(device.topic('ops')).toBeVisible();
        await device.lists(['after', 'of alice', 'during']);
        await device.countsUnread(2);
      });
      const all = ['after', 'between', 'of alice', 'during', 'before'];
      await onEach(bob.both, async (device) => {
        await device.lists(all);
        await device.countsUnread(1);
      });

      // Its page has all of it, for who is not in it as well.
      await onEach([...alice.both, ...bob.both], async (device) => {
        await device.open(`/topics/${topic}`);
        await device.lists(all);
      });
      const shown = await eve.ask<{ messages: { message: string }[] }>('GET', `/topic/${topic}/messages`);
      expect(shown.messages.map(({ message }) => message)).toEqual(all);
      expect(await eve.messages()).toEqual([]);
    });

    test('of a private topic outsiders learn nothing, and who leaves it has none of it left on any device', async ({ someone, expectConsole }) => {
      expectConsole(/status of 4(04|22)/);
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await someone('eve');
      const topics = new Topics(alice.other);

      const topic = await topics.create('secret', { isPrivate: true });
      await topics.add('bob');
      await expect(topics.members).toHaveText('2 members');
      await onEach([alice.live, ...bob.both], async (device) => expect(device.topic('secret')).toBeVisible());

      await alice.other.open();
      await alice.other.send('of alice', ['#secret']);
      await bob.api.publish({ message: 'of bob', to: '#secret' });
      await bob.api.publish('for all');
      await onEach([...alice.both, ...bob.both], async (device) => {
        await device.lists(['for all', 'of bob', 'of alice']);
        await device.countsUnread(device.name.startsWith('alice') ? 2 : 1);
      });
      await onEach(eve.both, async (device) => {
        await device.lists(['for all']);
        await device.countsUnread(1);
        await expect(device.topic('secret')).toHaveCount(0);
      });
      await onEach(eve.both, async (device) => isNowhere(device, topic));
      await eve.other.open();
      for (const name of ['#secret', '#nowhere']) {
        await eve.other.send('let me in', [name]);
        await expect(eve.other.inbox.composerError).toHaveText(`There is no recipient “${name}”. Use everyone, @name or #topic.`);
      }

      await alice.live.open();
      await topics.leave(topic);
      await expect(alice.other.page).toHaveURL('/topics');
      await alice.other.open();
      await onEach(alice.both, async (device) => {
        await device.lists(['for all']);
        await device.countsUnread(1);
        await expect(device.topic('secret')).toHaveCount(0);
      });
      await onEach(alice.both, async (device) => isNowhere(device, topic));
      await onEach(bob.both, async (device) => device.lists(['for all', 'of bob', 'of alice']));
    });

    test('an archived topic is closed on every device, keeps what was said, and can be opened again', async ({ someone }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const topic = await alice.api.createPublicTopic('ops', bob.api);
      await bob.api.publish({ message: 'said', to: '#ops' });
      const topics = new Topics(alice.other);
      await onEach([alice.live, ...bob.both], async (device) => expect(device.topic('ops')).toBeVisible());

      await topics.archive(topic);
      await expect(topics.isArchived).toBeVisible();
      await alice.other.open();
      await onEach([...alice.both, ...bob.both], async (device) => {
        await expect(device.topic('ops')).toHaveCount(0);
        await device.lists(['said']);
      });
      await onEach(bob.both, async (device) => {
        await device.open(`/topics/${topic}`);
        await expect(new Topics(device).isArchived).toBeVisible();
        await expect(device.page.getByRole('main').getByRole('link', { name: 'Write a message' })).toHaveCount(0);
        await device.lists(['said']);
        await device.open();
      });

      await topics.reopen(topic);
      await alice.other.open();
      await alice.other.send('open again', ['#ops']);
      await onEach([...alice.both, ...bob.both], async (device) => {
        await expect(device.topic('ops')).toBeVisible();
        await device.lists(['open again', 'said']);
      });
    });
  });
}

/** Everywhere this device might hear of the topic it is told what it is told of one that is not there. */
async function isNowhere(device: Device, topic: number): Promise<void> {
  await device.open('/topics');
  await expect(device.page.getByText('secret')).toHaveCount(0);
  await device.open('/history');
  for (const words of ['in:#secret', 'alice -all', 'of']) {
    await device.search(words);
    await expect(device.history.nothingMatched).toBeVisible();
  }
  for (const id of [topic, 999_999]) {
    const answer = await device.page.goto(`/topics/${id}`);
    expect(answer?.status()).toBe(404);
    await expect(device.page.getByText('secret')).toHaveCount(0);
  }
}
