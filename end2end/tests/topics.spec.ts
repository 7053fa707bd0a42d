import { expect, type Person, test } from '../support/fixtures.ts';
import { hydrated, Row } from '../support/pages.ts';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with script' : 'without script', () => {
    test('a topic is created, joined, written to and left', async ({ person, newBrowser }) => {
      const alice = await person('alice');
      const bob = await person('bob');
      const tab = async (who: typeof alice) => {
        const context = await newBrowser({ javaScriptEnabled });
        await context.addCookies(await who.page.context().cookies());
        return context.newPage();
      };
      const [hers, his] = [await tab(alice), await tab(bob)];
      await hers.goto('/topics');
      await hers.getByRole('textbox', { name: 'Name' }).fill('Ops');
      await hers.getByRole('textbox', { name: 'What it is for (optional)' }).fill('What runs, and what does not');
      await hers.getByRole('button', { name: 'Create topic' }).click();
      await hers.waitForURL(/\/topics\/\d+$/);
      await expect(hers.getByRole('heading', { level: 1 })).toHaveText('ops');
      await expect(alice.inbox.nav.getByRole('link', { name: 'ops' })).toBeVisible();

      await his.goto('/topics');
      await his.getByRole('link', { name: '#ops' }).click();
      await his.getByRole('button', { name: 'Join' }).click();
      await expect(his.getByRole('button', { name: 'Leave' })).toBeVisible();
      await expect(his.getByRole('heading', { name: '2 members' })).toBeVisible();
      await expect(bob.inbox.nav.getByRole('link', { name: 'ops' })).toBeVisible();

      await alice.api.publish({ message: 'to the topic', to: '#ops' });
      await expect(bob.inbox.row('to the topic')).toBeVisible();
      await bob.inbox.row('to the topic').getByRole('link', { name: '#ops' }).click();
      await expect(bob.page.getByRole('main').getByRole('article')).toContainText('to the topic');

      await his.getByRole('button', { name: 'Leave' }).click();
      await expect(his.getByRole('button', { name: 'Join' })).toBeVisible();
      await expect(bob.inbox.nav.getByRole('link', { name: 'ops' })).toHaveCount(0);
    });
  });
}

test('to who is not in it, a private topic is nowhere', async ({ person, expectConsole }) => {
  expectConsole(/status of 404/);
  const alice = await person('alice');
  const bob = await person('bob');
  await alice.page.goto('/topics');
  await hydrated(alice.page);
  await alice.page.getByRole('textbox', { name: 'Name' }).fill('secret');
  await alice.page.getByRole('checkbox', { name: /^Private/ }).check();
  await alice.page.getByRole('button', { name: 'Create topic' }).click();
  await alice.page.waitForURL(/\/topics\/\d+$/);
  await expect(alice.page.getByRole('main')).toContainText('only its members see it');

  await bob.page.goto('/topics');
  await expect(bob.page.getByText('secret')).toHaveCount(0);
  const answer = await bob.page.goto(new URL(alice.page.url()).pathname);
  expect(answer?.status()).toBe(404);
  await expect(bob.page.getByText('secret')).toHaveCount(0);
});

/** Alice, who owns a private topic, and Bob, whom she brought into it. */
async function insiders(person: (name: string) => Promise<Person>): Promise<{ alice: Person; bob: Person; topic: number }> {
  const alice = await person('alice');
  const bob = await person('bob');
  return { alice, bob, topic: await alice.api.createPrivateTopic('secret', bob.api) };
}

test('the page of a topic shows what comes while it is open, and nothing to who is taken out', async ({
  person,
  expectConsole,
}) => {
  expectConsole(/status of 404/);
  const { alice, bob, topic } = await insiders(person);
  await bob.page.goto(`/topics/${topic}`);
  await bob.inbox.live();
  await expect(bob.page.getByText('Nothing was sent here yet.')).toBeVisible();
  const { id } = await alice.api.publish({ message: 'before', to: '#secret' });
  await expect(bob.inbox.message(id)).toContainText('before');
  await expect(bob.page.getByText('Nothing was sent here yet.')).toBeHidden();
  const second = await alice.api.publish({ message: 'second', to: '#secret' });
  await expect(bob.page.getByRole('main').getByRole('article').first()).toContainText('second');
  await alice.api.edit(id, 'after');
  await expect(bob.inbox.message(id)).toContainText('after');
  await alice.api.removeFromTopic(topic, bob.api);
  await expect(bob.page.getByRole('heading', { level: 1 })).not.toContainText('secret');
  await expect(bob.inbox.message(second.id)).toHaveCount(0);
  expect((await bob.page.reload())?.status()).toBe(404);
});

test('what is written on the page of a topic stays while the topic changes, but not for who is taken out', async ({
  person,
  expectConsole,
}) => {
  expectConsole(/status of 404/);
  const { alice, bob, topic } = await insiders(person);
  const me = (await bob.api.ask<{ id: number }>('GET', '/auth/me')).id;
  await alice.api.ask('PUT', `/topic/${topic}/members/${me}`, { role: 'owner' });
  await bob.page.goto(`/topics/${topic}`);
  await bob.inbox.live();
  const field = bob.page.getByRole('textbox', { name: 'What it is for (optional)' });
  await field.fill('half a sen');
  // A dialog that is closed sends nothing.
  await bob.page.getByRole('heading', { level: 1 }).click();
  await bob.page.keyboard.press('?');
  await bob.inbox.help.getByRole('button', { name: 'Close' }).click();
  await alice.api.ask('PATCH', `/topic/${topic}`, { archived: true });
  await expect(bob.inbox.nav.getByRole('link', { name: 'secret' })).toHaveCount(0);
  await expect(field).toHaveValue('half a sen');
  await field.fill('');
  await field.blur();
  await expect(bob.page.getByText('Archived: nothing more can be sent to it')).toBeVisible();
  await bob.inbox.live();
  await field.fill('half a sen');
  await alice.api.removeFromTopic(topic, bob.api);
  await expect(bob.page.getByRole('heading', { level: 1 })).not.toContainText('secret');
});

test('of a topic one has not joined nothing is unread, and there is nothing to mark', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const { topic } = await alice.api.ask<{ topic: { id: number } }>('POST', '/topic', { name: 'open' });
  const before = await alice.api.publish({ message: 'before bob came', to: '#open' });
  await bob.page.goto(`/topics/${topic.id}`);
  await bob.inbox.live();
  const old = new Row(bob.inbox.message(before.id));
  await old.isRead();
  await expect(old.save).toHaveCount(0);
  await expect(old.pick).toHaveCount(0);
  await bob.page.getByRole('button', { name: 'Join' }).click();
  await expect(bob.page.getByRole('button', { name: 'Leave' })).toBeVisible();
  await hydrated(bob.page);
  await bob.inbox.live();
  const { id } = await alice.api.publish({ message: 'bob is here', to: '#open' });
  const row = new Row(bob.inbox.message(id));
  await row.isUnread();
  await expect(row.save).toHaveCount(1);
  await old.isRead();
  // The same on the message's own page, which the server draws.
  await bob.page.goto(`/m/${before.id}`);
  await hydrated(bob.page);
  await old.isRead();
  await expect(old.save).toHaveCount(0);
});

test('the commands lead to topics, also to those one has not joined', async ({ person }) => {
  const alice = await person('alice');
  const { inbox, page } = await person('bob');
  await alice.api.ask('POST', '/topic', { name: 'ops' });
  await page.keyboard.press('Control+k');
  await inbox.command.fill('#op');
  await inbox.commands.getByRole('option', { name: '#ops' }).click();
  await page.waitForURL(/\/topics\/\d+$/);
  await hydrated(page);
  await page.keyboard.press('Control+k');
  await inbox.command.fill('topics');
  await page.keyboard.press('Enter');
  await page.waitForURL('/topics');
});

test('a message has an address of its own, for those who may see it', async ({ person, expectConsole }) => {
  expectConsole(/status of 404/);
  const alice = await person('alice');
  const bob = await person('bob');
  await person('eve').then(async (eve) => {
    const { id } = await alice.api.publish({ message: 'for bob alone', to: '@bob' });
    const answer = await eve.page.goto(`/m/${id}`);
    expect(answer?.status()).toBe(404);
    await bob.page.goto(`/m/${id}`);
    await expect(bob.page.getByRole('article')).toContainText('for bob alone');
    await expect(bob.page.getByRole('heading', { name: 'Edit' })).toHaveCount(0);
    await alice.page.goto(`/m/${id}`);
    await hydrated(alice.page);
    await expect(alice.page.getByRole('heading', { name: 'Edit' })).toBeVisible();
  });
});
