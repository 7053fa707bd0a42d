import { expect, SERVER_GONE, test } from '../support/fixtures.ts';
import { Row } from '../support/pages.ts';
import { Wire } from '../support/wire.ts';

test('what is sent offline fails on its row, and Retry sends exactly one', async ({ server, person, expectConsole }) => {
  expectConsole(SERVER_GONE);
  const alice = await person('alice');
  const bob = await person('bob');
  await server.kill9();
  await alice.inbox.lost();

  await alice.inbox.send('written in the tunnel');
  const row = new Row(alice.inbox.row('written in the tunnel'));
  await expect(row.locator).toHaveCount(1);
  await row.hasFailed();

  await server.restart();
  await alice.inbox.live();
  await row.retry.click();
  await row.isSent();
  await expect(row.locator).toHaveCount(1);
  await expect(bob.inbox.row('written in the tunnel')).toHaveCount(1);
  expect((await bob.api.messages()).map(({ message }) => message)).toEqual(['written in the tunnel']);
});

test('a failed row outlives a reload and can still be sent', async ({ server, person, expectConsole }) => {
  expectConsole(SERVER_GONE);
  const alice = await person('alice');
  await server.kill9();
  await alice.inbox.lost();
  await alice.inbox.send('not lost');
  const row = new Row(alice.inbox.row('not lost'));
  await row.hasFailed();

  await server.restart();
  await alice.inbox.open();
  await row.hasFailed();
  await row.retry.click();
  await row.isSent();
  expect((await alice.api.messages()).map(({ message }) => message)).toEqual(['not lost']);
});

test('a failed row can be discarded', async ({ server, person, expectConsole }) => {
  expectConsole(SERVER_GONE);
  const alice = await person('alice');
  await server.kill9();
  await alice.inbox.lost();
  await alice.inbox.send('better not');
  const row = new Row(alice.inbox.row('better not'));
  await row.hasFailed();
  await row.discard.click();
  await expect(row.locator).toHaveCount(0);

  await server.restart();
  await alice.inbox.open();
  await expect(row.locator).toHaveCount(0);
  expect(await alice.api.messages()).toEqual([]);
});

test('without a network the page says so, and catches up when it is back', async ({ person, expectConsole }) => {
  expectConsole(SERVER_GONE);
  const alice = await person('alice');
  const bob = await person('bob');
  const wire = await Wire.lay(bob.page);
  await bob.inbox.open();
  await expect(bob.page.getByRole('heading', { name: 'Online now · 2' })).toBeVisible();

  await wire.cut();
  await expect(bob.inbox.connection).toHaveText('Offline');
  // Who is online is not known any more.
  await expect(bob.page.getByRole('heading', { name: 'Last known online · 2' })).toBeVisible();
  await alice.api.publishAll(['one', 'two', 'three']);
  await wire.mend();

  await bob.inbox.live();
  await expect(bob.page.getByRole('heading', { name: 'Online now · 2' })).toBeVisible();
  await expect.poll(() => bob.inbox.texts()).toEqual(['three', 'two', 'one']);
  await bob.inbox.showsUnread(3);
});
