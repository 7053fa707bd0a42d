import { Row } from '../../support/pages.ts';
import { expect, onEach, test, WAYS } from '../../support/someone.ts';

for (const { how, javaScriptEnabled } of WAYS) {
  test.describe(how, () => {
    test('what is sent to everyone, to one and to several is on all of their devices and on no other', async ({ someone, program }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const mei = await someone('mei');
      const dan = await program('dan');

      await alice.other.send('for all');
      await onEach(alice.both, async (device) => {
        await new Row(device.inbox.row('for all')).isSent();
        await device.countsUnread(0);
      });
      await onEach([...bob.both, ...mei.both], async (device) => {
        await new Row(device.inbox.row('for all')).isUnread();
        await device.countsUnread(1);
      });

      await alice.other.send('for bob alone', ['@bob']);
      await onEach(alice.both, async ({ inbox }) => expect(inbox.row('for bob alone')).toContainText('@bob'));
      await onEach(bob.both, async (device) => {
        await expect(device.inbox.row('for bob alone')).toContainText('@you');
        await device.countsUnread(2);
      });

      await alice.other.send('for two', ['@bob', '@mei']);
      await onEach(alice.both, async ({ inbox }) => expect(inbox.row('for two')).toContainText(/@bob\s*@mei/));
      await onEach(bob.both, async (device) => {
        await expect(device.inbox.row('for two')).toContainText(/@you\s*@mei/);
        await device.countsUnread(3);
      });
      // What comes later in the one order is there: what came before it would be as well.
      await onEach(mei.both, async (device) => {
        await expect(device.inbox.row('for two')).toContainText(/@you\s*@bob/);
        await device.lists(['for two', 'for all']);
        await device.countsUnread(2);
      });
      expect((await dan.messages()).map(({ message }) => message)).toEqual(['for all']);

      // Nor is it found.
      await onEach(mei.both, async (device) => {
        for (const words of ['alone', 'to:@bob alone']) {
          await device.open('/history');
          await device.search(words);
          await expect(device.history.nothingMatched).toBeVisible();
        }
        await device.countsUnread(2);
      });
    });

    test('a message to a private topic and somebody else is refused with the reason, and reaches nobody', async ({ someone, expectConsole }) => {
      expectConsole(/status of 422/);
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      await alice.api.createPrivateTopic('secret', bob.api);
      await alice.other.open();

      for (const to of [['#secret', '@bob'], ['everyone', '#secret']]) {
        await alice.other.send('for too many', to);
        const why = 'A message to a private topic is for its members alone. Name nobody else.';
        await expect(alice.other.page.getByRole('alert').filter({ hasText: why })).toBeVisible();
        await alice.other.open();
        if (javaScriptEnabled) await new Row(alice.other.inbox.row('for too many')).discard.click();
      }

      await alice.api.publish('for all');
      await onEach([alice.live, ...bob.both], async (device) => device.lists(['for all']));
    });

    test('what is sent to an archived topic is refused with the reason, and reaches nobody', async ({ someone, expectConsole }) => {
      expectConsole(/status of 422/);
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const topic = await alice.api.createPublicTopic('ops', bob.api);
      await alice.api.ask('PATCH', `/topic/${topic}`, { archived: true });
      await alice.other.open();

      await alice.other.send('too late', ['#ops']);
      const why = '#ops is archived: nothing can be sent to it any more.';
      await expect(alice.other.page.getByRole('alert').filter({ hasText: why })).toBeVisible();

      await alice.api.publish('for all');
      await onEach([alice.live, ...bob.both], async (device) => device.lists(['for all']));
    });
  });
}

test('a name that is typed whole is meant as it stands, whatever else begins so', async ({ someone, program }) => {
  const alice = await someone('alice', true);
  const bob = await someone('bob');
  const eve = await program('eve');
  await program('eve.online');
  const { inbox } = alice.other;
  await inbox.to.fill('@eve');
  // What is offered is there when the key is pressed.
  await expect(inbox.composer.getByRole('option', { name: '@eve', exact: true })).toBeVisible();
  await inbox.to.press('Enter');
  await expect(inbox.composer.getByRole('button', { name: 'Remove @eve', exact: true })).toBeVisible();
  await inbox.send('for eve alone');
  await expect(alice.live.inbox.row('for eve alone')).toContainText('@eve');
  await alice.api.publish('for all');
  await onEach(bob.both, async (device) => device.lists(['for all']));
  expect((await eve.messages()).map(({ message }) => message)).toEqual(['for all', 'for eve alone']);
});
