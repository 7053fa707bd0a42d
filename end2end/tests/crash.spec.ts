import { expect, SERVER_GONE, test } from '../support/fixtures.ts';
import type { Inbox } from '../support/pages.ts';

/** A reload would forget this. */
async function leaveMark(inbox: Inbox): Promise<() => Promise<void>> {
  await inbox.page.evaluate(() => Object.assign(window, { stillThere: true }));
  return async () => {
    expect(await inbox.page.evaluate(() => 'stillThere' in window), 'the page was not reloaded').toBe(true);
  };
}

test('a server that is killed and comes back costs no message and no reload', async ({ server, person, expectConsole }) => {
  expectConsole(SERVER_GONE);
  const alice = await person('alice');
  const bob = await person('bob');
  const notReloaded = await leaveMark(bob.inbox);
  await alice.api.publishAll(['one', 'two']);
  await expect.poll(() => bob.inbox.texts()).toEqual(['two', 'one']);

  await server.kill9();
  await bob.inbox.lost();
  await server.restart();
  await alice.api.publishAll(['three', 'four']);

  await expect.poll(() => bob.inbox.texts(), { timeout: 40_000 }).toEqual(['four', 'three', 'two', 'one']);
  await bob.inbox.live();
  await bob.inbox.showsUnread(4);
  await notReloaded();
});

test('a server killed while messages pour in loses, repeats and reorders none', async ({ server, person, expectConsole }) => {
  expectConsole(SERVER_GONE);
  const alice = await person('alice');
  const bob = await person('bob');
  const notReloaded = await leaveMark(bob.inbox);
  const texts = Array.from({ length: 40 }, (_, number) => `number ${number}`);

  const pouring = (async () => {
    for (const text of texts) await alice.api.publishUntilAcknowledged(text);
  })();
  for (const seen of [8, 20]) {
    await expect.poll(async () => (await bob.inbox.texts()).length, { intervals: [5], timeout: 40_000 }).toBeGreaterThan(seen);
    await server.kill9();
    await server.restart();
  }
  await pouring;

  await expect.poll(() => bob.inbox.texts(), { timeout: 40_000 }).toEqual(texts.toReversed());
  expect((await bob.api.messages()).map(({ message }) => message)).toEqual(texts.toReversed());
  await notReloaded();
});

test('a deployment reconnects everybody by itself', async ({ server, person, expectConsole }) => {
  expectConsole(SERVER_GONE);
  const alice = await person('alice');
  const bob = await person('bob');
  const notReloaded = await leaveMark(bob.inbox);
  await server.restart();
  await alice.api.publish('after the deployment');
  await expect(bob.inbox.row('after the deployment')).toBeVisible({ timeout: 40_000 });
  await bob.inbox.live();
  await notReloaded();
});

test('who does not want to wait reconnects at once', async ({ server, person, expectConsole }) => {
  expectConsole(SERVER_GONE);
  const bob = await person('bob');
  // A clock that stands still once the banner is due: no attempt but the one that is asked for can come.
  await bob.page.clock.install();
  await bob.inbox.open();
  await server.kill9();
  await bob.inbox.lost();
  await bob.page.clock.pauseAt(Date.now() + 10_000);
  await expect(bob.inbox.retryNow).toBeVisible();

  await server.restart();
  await bob.inbox.retryNow.click();
  await bob.inbox.live();
  await expect(bob.inbox.retryNow).toHaveCount(0);
});
