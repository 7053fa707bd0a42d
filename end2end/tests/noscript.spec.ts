import type { Page } from '@playwright/test';

import { expect, test } from '../support/fixtures.ts';
import { Entrance, History, Inbox, Row } from '../support/pages.ts';
import { Api } from '../support/api.ts';

const PASSWORD = 'correct horse battery staple';

const ways = [
  { name: 'with JavaScript off', javaScriptEnabled: false },
  { name: 'with WebAssembly blocked', javaScriptEnabled: true },
];

for (const { name, javaScriptEnabled } of ways) {
  test.describe(name, () => {
    test.use({ javaScriptEnabled });

    test.beforeEach(async ({ context, expectConsole }) => {
      if (!javaScriptEnabled) return;
      await context.route('**/*.wasm', (route) => route.abort());
      expectConsole(/net::ERR_FAILED|Failed to fetch|WebAssembly/);
    });

    async function register(page: Page, username: string): Promise<Inbox> {
      await page.goto('/register');
      await new Entrance(page).register(username, PASSWORD);
      await page.waitForURL('/');
      return new Inbox(page);
    }

    test('register, send, read, search, sign out and sign in', async ({ page, server }) => {
      const inbox = await register(page, 'bob');
      await inbox.showsUnread(0);

      await inbox.title.fill('Lunch');
      await inbox.text.fill('Soup is ready 湯好了');
      await inbox.sendButton.click();
      await expect(inbox.row('Soup is ready 湯好了')).toHaveCount(1);
      await expect(inbox.text).toHaveValue('');

      const alice = await Api.register(server.url, 'alice', PASSWORD);
      await alice.publish({ title: 'Backup', message: 'done without errors' });
      await page.goto('/');
      await inbox.showsUnread(1);
      expect(await inbox.texts()).toEqual(['done without errors', 'Soup is ready 湯好了']);
      await new Row(inbox.row('done without errors')).markRead.click();
      await inbox.showsUnread(0);

      await inbox.search.fill('backup');
      await inbox.search.press('Enter');
      await page.waitForURL(/\/history\?q=backup/);
      const history = new History(page);
      await expect(history.results).toHaveCount(1);
      await expect(history.results).toContainText('done without errors');

      await history.search.fill('nowhere');
      await history.submit.click();
      await expect(history.nothingMatched).toBeVisible();

      await history.signOut.click();
      await page.goto('/');
      await page.waitForURL(/\/login/);
      await new Entrance(page).signIn('bob', PASSWORD);
      await page.waitForURL('/');
      expect(await inbox.texts()).toEqual(['done without errors', 'Soup is ready 湯好了']);
    });

    test('mark all as read', async ({ page, server }) => {
      const inbox = await register(page, 'bob');
      const alice = await Api.register(server.url, 'alice', PASSWORD);
      await alice.publishAll(['one', 'two', 'three']);
      await page.goto('/');
      await inbox.showsUnread(3);
      await inbox.markAll.click();
      await inbox.showsUnread(0);
    });

    test('mark some as read', async ({ page, server }) => {
      const inbox = await register(page, 'bob');
      const alice = await Api.register(server.url, 'alice', PASSWORD);
      await alice.publishAll(['one', 'two', 'three']);
      await page.goto('/');
      for (const text of ['one', 'three']) await new Row(inbox.row(text)).pick.check();
      await inbox.picked.getByRole('button', { name: 'Mark as read' }).click();
      await inbox.showsUnread(1);
      await new Row(inbox.row('two')).isUnread();
    });

    test('a message to one person, by name', async ({ page, server }) => {
      const alice = await Api.register(server.url, 'alice', PASSWORD);
      const inbox = await register(page, 'bob');
      await inbox.to.fill('@alice');
      await inbox.text.fill('psst');
      await inbox.sendButton.click();
      await expect(inbox.row('psst')).toContainText('@alice');
      expect((await alice.messages())[0]).toMatchObject({ message: 'psst', to: ['@alice'] });
    });

    test('a send that cannot be says why and keeps what was written', async ({ page, expectConsole }) => {
      expectConsole(/status of 422/);
      const inbox = await register(page, 'bob');
      await inbox.to.fill('@nobody.here');
      await inbox.text.fill('keep me');
      await inbox.sendButton.click();
      await expect(inbox.composerError).toContainText('nobody.here');
      await expect(inbox.text).toHaveValue('keep me');
      await expect(inbox.to).toHaveValue('@nobody.here');
      await expect(inbox.rows).toHaveCount(0);
    });

    test('a wrong password says so and keeps the name, never the password', async ({ page, server, expectConsole }) => {
      expectConsole(/status of 4(01|22)/);
      await Api.register(server.url, 'bob', PASSWORD);
      await page.goto('/login');
      const entrance = new Entrance(page);
      await entrance.signIn('bob', 'not the password');
      await expect(entrance.error).toBeVisible();
      await expect(entrance.username).toHaveValue('bob');
      await expect(entrance.password).toHaveValue('');
    });

    test('a taken name says so beside its field', async ({ page, server, expectConsole }) => {
      expectConsole(/status of 4(09|22)/);
      await Api.register(server.url, 'bob', PASSWORD);
      await page.goto('/register');
      const entrance = new Entrance(page);
      await entrance.register('bob', PASSWORD);
      await expect(entrance.error).toContainText('taken');
      await expect(entrance.username).toHaveAccessibleDescription(/taken/);
      await expect(entrance.username).toHaveValue('bob');
    });
  });
}

test('nothing is readable without login', async ({ page }) => {
  for (const path of ['/', '/history', '/history?q=a', '/settings', '/topics', '/topics/1', '/m/1', '/settings/sessions', '/admin', '/admin/people/1']) {
    await page.goto(path);
    await expect(page).toHaveURL(/\/login(\?next=|$)/);
  }
});
