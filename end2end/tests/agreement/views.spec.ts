import { Row } from '../../support/pages.ts';
import { type Device, expect, onEach, test, WAYS } from '../../support/someone.ts';

interface View {
  link: string | RegExp;
  address: string;
  texts: string[];
}

/** The views of the inbox, in the order of their texts below. */
function views(topic: number, [inbox, unread, saved, sent, archived]: [string[], string[], string[], string[], string[]]): View[] {
  return [
    { link: /^Unread/, address: '/?filter=unread', texts: unread },
    { link: 'Saved', address: '/?filter=saved', texts: saved },
    { link: 'Sent', address: '/?filter=sent', texts: sent },
    { link: 'Archived', address: '/?filter=archived', texts: archived },
    { link: 'ops', address: `/topics/${topic}`, texts: ['to ops'] },
    { link: /^Inbox/, address: '/', texts: inbox },
  ];
}

async function byNavigation(device: Device, { link, address, texts }: View): Promise<void> {
  const way = device.inbox.nav.getByRole('link', { name: link, exact: true });
  await way.click();
  await device.page.waitForURL(address);
  await expect(way).toHaveAttribute('aria-current', 'page');
  await device.lists(texts);
}

async function byAddress(device: Device, { link, address, texts }: View): Promise<void> {
  await device.open(address);
  await expect(device.inbox.nav.getByRole('link', { name: link, exact: true })).toHaveAttribute('aria-current', 'page');
  await device.lists(texts);
}

for (const { how, javaScriptEnabled } of WAYS) {
  test.describe(how, () => {
    test('every view is reached by its link and by its address, and shows each person what is theirs', async ({ someone, program }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await program('eve');
      const topic = await eve.createPublicTopic('ops', alice.api, bob.api);
      const kept = await eve.publish('kept');
      const away = await eve.publish('put away');
      await eve.publishAll(['new one', { message: 'to ops', to: '#ops' }]);
      await alice.api.publish('of alice');
      await bob.api.publish('of bob');
      await alice.api.mark({ save: [kept.id], read: [kept.id], archive: [away.id] });

      const all = ['of bob', 'of alice', 'to ops', 'new one', 'put away', 'kept'];
      const hers = views(topic, [
        ['of bob', 'of alice', 'to ops', 'new one', 'kept'],
        ['of bob', 'to ops', 'new one'],
        ['kept'],
        ['of alice'],
        ['put away'],
      ]);
      const his = views(topic, [all, all.slice(1), [], ['of bob'], []]);
      await onEach([alice.other], async (device) => {
        for (const view of hers) await byNavigation(device, view);
        for (const view of hers) await byAddress(device, view);
      });
      await onEach([alice.live], async (device) => {
        for (const view of hers) await byAddress(device, view);
      });
      await onEach([bob.live], async (device) => {
        for (const view of his) await byNavigation(device, view);
      });
      await onEach([bob.other], async (device) => {
        for (const view of his) await byAddress(device, view);
      });

      // Everything of one person, from a name in a list and by address.
      await onEach([...alice.both, ...bob.both], async (device) => {
        await device.inbox.row('new one').getByRole('link', { name: 'eve', exact: true }).click();
        await device.page.waitForURL((url) => url.pathname === '/history' && url.searchParams.get('q') === 'from:@eve');
        await device.lists(['to ops', 'new one', 'put away', 'kept']);
        await device.open('/history?q=from%3A%40alice');
        await device.lists(['of alice']);
      });
    });

    test('what is done on one device shows in every view that is open on the other', async ({ someone, program }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await program('eve');
      const topic = await eve.createPublicTopic('ops', alice.api, bob.api);
      const { id } = await eve.publish({ message: 'one', to: '#ops' });
      await eve.publish('two');
      const { live, other } = alice;
      const one = other.inbox.message(id);
      /** Opens a view on the live devices of both, and looks whether each shows it without loading it again. */
      const opened = async (address: string, texts: string[]): Promise<() => Promise<void>> => {
        await Promise.all([live, bob.live].map((device) => device.open(address)));
        await live.lists(texts);
        return live.mark();
      };
      await other.open();

      let isSame = await opened('/?filter=saved', []);
      await other.press(one, 'save');
      await live.lists(['one']);
      await other.press(one, 'unsave');
      await live.lists([]);
      await bob.live.lists([]);
      await isSame();

      isSame = await opened('/?filter=unread', ['two', 'one']);
      await other.press(one, 'markRead');
      await live.lists(['two']);
      await live.countsUnread(1);
      await other.press(one, 'markUnread');
      await live.lists(['two', 'one']);
      await bob.live.lists(['two', 'one']);
      await isSame();

      isSame = await opened('/?filter=archived', []);
      await other.press(one, 'archive');
      await live.lists(['one']);
      await other.open('/?filter=archived');
      await other.press(one, 'unarchive');
      await live.lists([]);
      await bob.live.lists([]);
      await isSame();

      await other.open();
      isSame = await opened('/?filter=sent', []);
      await other.send('of alice');
      await live.lists(['of alice']);
      await bob.live.lists([]);
      await isSame();

      for (const address of [`/topics/${topic}`, '/history?q=from%3A%40eve', `/m/${id}`]) {
        await live.open(address);
        isSame = await live.mark();
        await other.open();
        await other.press(one, 'save');
        await expect(live.inbox.message(id)).toHaveClass(/is-saved/);
        await other.press(one, 'unsave');
        await expect(live.inbox.message(id)).not.toHaveClass(/is-saved/);
        await other.press(one, 'markUnread');
        await new Row(live.inbox.message(id)).isUnread();
        await other.press(one, 'markRead');
        await new Row(live.inbox.message(id)).isRead();
        await eve.edit(id, `one, as it is at ${address}`);
        await expect(live.inbox.message(id)).toContainText(`one, as it is at ${address}`);
        await isSame();
      }
    });

    test('a message has an address of its own on every device of whom it is for, and nowhere else', async ({ someone, expectConsole }) => {
      expectConsole(/status of 404/);
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await someone('eve', javaScriptEnabled);
      const { id } = await alice.api.publish({ title: 'Psst', message: 'for bob alone', to: '@bob' });

      await onEach([...alice.both, ...bob.both], async (device) => {
        await device.open(`/m/${id}`);
        await expect(device.inbox.message(id)).toContainText('for bob alone');
        await expect(device.inbox.message(id)).toBeInViewport();
      });
      for (const device of eve.both) {
        for (const number of [id, 999_999]) {
          const answer = await device.page.goto(`/m/${number}`);
          expect(answer?.status()).toBe(404);
          await expect(device.page.getByRole('heading', { level: 1 })).toHaveText('There is nothing here');
          await expect(device.page.getByText(/Psst|for bob|alice/)).toHaveCount(0);
        }
      }

      await bob.other.press(bob.other.inbox.message(id), 'markRead');
      await onEach(bob.both, async (device) => {
        await new Row(device.inbox.message(id)).isRead();
        await device.countsUnread(0);
      });
    });
  });
}

test('what is sent to a topic shows on its page where that is open', async ({ someone }) => {
  const alice = await someone('alice');
  const bob = await someone('bob');
  const topic = await bob.api.createPublicTopic('ops', alice.api);
  await bob.api.publish({ message: 'before', to: '#ops' });
  for (const { live } of [alice, bob]) await live.open(`/topics/${topic}`);
  await bob.other.open();
  await bob.other.send('while it is open', ['#ops']);
  for (const { live } of [alice, bob]) await live.lists(['while it is open', 'before']);
});

test('on every page, badge, title and favicon agree, on both devices of both', async ({ someone, program }) => {
  const alice = await someone('alice');
  const bob = await someone('bob');
  const eve = await program('eve');
  const topic = await eve.createPublicTopic('ops');
  const { id } = await eve.publish('one');
  await eve.publish('two');
  const titles = {
    '/': 'Inbox',
    '/?filter=unread': 'Inbox',
    '/?filter=saved': 'Saved',
    '/history?q=one': 'History',
    '/settings': 'Settings',
    '/topics': 'Topics',
    [`/topics/${topic}`]: '#ops',
    [`/m/${id}`]: 'Message',
  };
  for (const [address, title] of Object.entries(titles)) {
    await test.step(address, async () => {
      await onEach([...alice.both, ...bob.both], async (device) => {
        await device.open(address);
        await device.countsUnread(2);
        await expect(device.page).toHaveTitle(`(2) ${title} · Push System`);
      });
    });
  }
});
