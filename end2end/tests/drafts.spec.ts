import { expect, test } from '../support/fixtures.ts';
import { Entrance, hydrated } from '../support/pages.ts';

test('a draft survives a reload', async ({ person }) => {
  const alice = await person('alice');
  await alice.inbox.title.fill('Half a title');
  await alice.inbox.text.fill('half a message\nwith a second line');
  await expect(alice.inbox.draftState).toHaveText('Draft saved');

  await alice.inbox.open();
  await expect(alice.inbox.title).toHaveValue('Half a title');
  await expect(alice.inbox.text).toHaveValue('half a message\nwith a second line');
});

test('a draft survives signing out, and nobody else who uses the browser sees it', async ({ person, server }) => {
  const alice = await person('alice');
  await person('bob');
  const { page } = alice;
  await alice.inbox.text.fill('between alice and her draft');
  await expect(alice.inbox.draftState).toHaveText('Draft saved');

  const signInAs = async (name: string) => {
    await alice.inbox.signOut.click();
    await page.waitForURL(/\/login/);
    await hydrated(page);
    await new Entrance(page).signIn(name, alice.password);
    await page.waitForURL(`${server.url}/`);
    await hydrated(page);
    await alice.inbox.live();
  };
  await signInAs('bob');
  await expect(alice.inbox.text).toHaveValue('');
  await signInAs('alice');
  await expect(alice.inbox.text).toHaveValue('between alice and her draft');
});

test('what was sent is no draft any more', async ({ person }) => {
  const alice = await person('alice');
  await alice.inbox.send('gone out');
  await expect(alice.inbox.row('gone out')).toHaveCount(1);
  await alice.inbox.open();
  await expect(alice.inbox.text).toHaveValue('');
});

test('what is typed before the script takes over is kept', async ({ person }) => {
  const alice = await person('alice');
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await alice.page.route('**/*.wasm', async (route) => {
    await released;
    await route.continue();
  });

  await alice.page.goto('/', { waitUntil: 'commit' });
  await alice.inbox.title.fill('early');
  await alice.inbox.text.fill('typed before hydration');
  expect(await alice.page.locator('html[data-hydrated]').count()).toBe(0);
  release();
  await hydrated(alice.page);
  await expect(alice.inbox.title).toHaveValue('early');
  await expect(alice.inbox.text).toHaveValue('typed before hydration');

  await alice.inbox.sendButton.click();
  await expect(alice.inbox.row('typed before hydration')).toHaveCount(1);
});

test('a send that is refused says why and keeps what was written', async ({ person, expectConsole }) => {
  expectConsole(/status of 422/);
  const alice = await person('alice');
  const tooLong = 'x'.repeat(16 * 1024 + 1);
  await alice.inbox.text.fill(tooLong);
  await alice.inbox.sendButton.click();
  await expect(alice.inbox.composerError.or(alice.inbox.rows.locator('.message-state'))).toContainText(/long/);
  await expect(alice.inbox.text).toHaveValue(tooLong);
  expect(await alice.api.messages()).toEqual([]);
});
