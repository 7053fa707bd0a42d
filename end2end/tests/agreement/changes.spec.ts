import { Row } from '../../support/pages.ts';
import { expect, onEach, SERVER_GONE, test, WAYS } from '../../support/someone.ts';
import { Wire } from '../../support/wire.ts';

for (const { how, javaScriptEnabled } of WAYS) {
  test.describe(how, () => {
    test('an edit and a deletion are on every device, also on one that was offline meanwhile', async ({ someone, program, expectConsole }) => {
      expectConsole(SERVER_GONE);
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await program('eve');
      const kept = await alice.api.publish('kept');
      const edited = await alice.api.publish({ title: 'News', message: 'with a mistake', to: '@bob' });
      const deleted = await alice.api.publish({ title: 'Oh', message: 'a secret', to: '@bob' });
      const wire = await Wire.lay(bob.live.page);
      await bob.live.open();
      await bob.live.countsUnread(3);
      await bob.api.save(deleted.id);
      await wire.cut();
      await expect(bob.live.inbox.connection).toHaveText('Offline');

      await alice.other.open();
      await alice.other.edit(edited.id, 'without one');
      await expect(alice.other.inbox.message(edited.id)).toContainText('without one');
      await alice.other.open();
      await alice.other.delete(deleted.id);
      await new Row(alice.other.inbox.message(deleted.id)).isDeleted('a secret');
      await alice.other.open();
      await expect(bob.live.inbox.message(deleted.id)).toContainText('a secret');
      await wire.mend();
      await bob.live.inbox.live();

      await onEach([...alice.both, ...bob.both], async ({ inbox }) => {
        await expect(inbox.message(kept.id)).toContainText('kept');
        await expect(inbox.message(edited.id)).toContainText('without one');
        await expect(inbox.message(edited.id)).toContainText('edited');
        await expect(inbox.message(edited.id)).toContainText('News');
        await expect(inbox.message(edited.id)).not.toContainText('mistake');
        await new Row(inbox.message(deleted.id)).isDeleted('a secret');
        await expect(inbox.message(deleted.id)).not.toContainText('Oh');
      });
      await onEach(bob.both, async (device) => device.countsUnread(2));

      // In every view, at its own address, and where it was found.
      await onEach(bob.both, async (device) => {
        await device.open('/?filter=saved');
        await new Row(device.inbox.message(deleted.id)).isDeleted('a secret');
        await device.open(`/m/${deleted.id}`);
        await new Row(device.inbox.message(deleted.id)).isDeleted('a secret');
        await device.open('/history');
        for (const words of ['secret', 'mistake']) {
          await device.search(words);
          await expect(device.history.nothingMatched).toBeVisible();
        }
        await device.search('without');
        await expect(device.history.results).toHaveCount(1);
      });
      expect((await eve.messages()).map(({ message }) => message)).toEqual(['kept']);
    });
  });
}
