import type { Locator, Page } from '@playwright/test';

import { Api } from '../support/api.ts';
import { expect, test } from '../support/fixtures.ts';
import { History, hydrated, Inbox } from '../support/pages.ts';

const PASSWORD = 'correct horse battery staple';

test('web addresses in a text are links, on both sides of the wire and among found words', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const text = 'Look (https://example.org/a_(b)). Not javascript:alert(1), but mailto:ana@example.org!';
  await alice.inbox.send(text);
  const links = ['https://example.org/a_(b)', 'mailto:ana@example.org'];

  const check = async (row: Locator) => {
    await expect(row.locator('.message-text a')).toHaveText(links);
    for (const [index, href] of links.entries()) {
      const link = row.locator('.message-text a').nth(index);
      await expect(link).toHaveAttribute('href', href);
      await expect(link).toHaveAttribute('rel', 'noopener nofollow ugc');
      await expect(link).toHaveAttribute('target', '_blank');
    }
  };
  await check(alice.inbox.row(text));
  await check(bob.inbox.row(text));
  await bob.inbox.open();
  await check(bob.inbox.row(text));

  await bob.page.goto('/history?q=example');
  await hydrated(bob.page);
  const found = new History(bob.page).results;
  await check(found);
  await expect(found.locator('a mark')).toHaveText(['example', 'example']);
});

test('a very long text is folded until it is asked for', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const long = Array.from({ length: 40 }, (_, number) => `line ${number}`).join('\n');
  await alice.api.publishAll([long, 'short']);
  const row = bob.inbox.rows.filter({ hasText: 'line 39' });
  const height = async () => (await row.locator('.message-text').boundingBox())?.height ?? 0;
  const fold = row.getByRole('checkbox', { name: /^Show / });
  await expect(bob.inbox.row('short')).toBeVisible();
  await expect(bob.inbox.row('short').getByRole('checkbox', { name: /^Show / })).toHaveCount(0);

  for (const reloaded of [false, true]) {
    if (reloaded) await bob.inbox.open();
    await expect(fold).toHaveAccessibleName('Show all');
    expect(await height()).toBeLessThan(250);
    await fold.focus();
    await bob.page.keyboard.press('Space');
    await expect(fold).toHaveAccessibleName('Show less');
    expect(await height()).toBeGreaterThan(800);
    await fold.click();
    expect(await height()).toBeLessThan(250);
  }
});

test.describe('without script', () => {
  test.use({ javaScriptEnabled: false });

  test('a long text is there in full', async ({ page, server }) => {
    const alice = await Api.register(server.url, 'alice', PASSWORD);
    await alice.publish('line\n'.repeat(40) + 'the end https://example.org/');
    await signIn(page, 'alice');
    const text = page.locator('.message-text');
    await page.getByRole('checkbox', { name: 'Show all' }).check();
    expect((await text.boundingBox())?.height).toBeGreaterThan(800);
    await expect(text.getByRole('link')).toHaveAttribute('href', 'https://example.org/');
  });

  test('nobody is counted who cannot be, and only the whole inbox is marked at once', async ({ page, server }) => {
    await Api.register(server.url, 'bob', PASSWORD);
    const alice = await Api.register(server.url, 'alice', PASSWORD);
    await alice.publishAll(['for all', { message: 'for bob', to: '@bob' }]);
    await signIn(page, 'bob');
    await expect(page.getByText('Online now')).toBeHidden();
    const inbox = new Inbox(page);
    await expect(inbox.markAll).toBeVisible();
    await page.goto('/?filter=me');
    await expect(inbox.rows).toHaveCount(1);
    await expect(inbox.markAll).toHaveCount(0);
    await expect(inbox.markShown).toBeHidden();
  });
});

test('the dot stands before the first word, however long that is and whichever way it runs', async ({ person }) => {
  const alice = await person('alice');
  const readers = [
    await person('bob'),
    await person('carol', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }),
  ];
  await alice.api.publishAll([
    { title: 'W'.repeat(200), message: 'unbroken' },
    { title: 'مرحبا بالعالم', message: 'النص هنا' },
    'نص بلا عنوان',
  ]);
  for (const { inbox } of readers) {
    await inbox.showsUnread(3);
    await expect(inbox.rows).toHaveCount(3);
    for (const row of await inbox.rows.all()) {
      const line = await row.evaluate((row) => {
        const dot = row.querySelector('.unread-dot')!;
        const words = document.createRange();
        words.selectNodeContents(dot.parentElement!);
        words.setStartAfter(dot);
        const [first, point] = [words.getClientRects()[0]!, dot.getBoundingClientRect()];
        const rtl = getComputedStyle(dot.parentElement!).direction === 'rtl';
        const gap = rtl ? point.left - first.right : first.left - point.right;
        return { down: Math.abs(first.top - point.top), gap };
      });
      expect(line.down).toBeLessThan(8);
      expect(line.gap).toBeGreaterThan(2);
      expect(line.gap).toBeLessThan(16);
    }
    const directions = await inbox.rows.locator('.message-title, .message-text').evaluateAll((texts) =>
      texts.map((text) => getComputedStyle(text).direction),
    );
    expect(directions).toEqual(['rtl', 'rtl', 'rtl', 'ltr', 'ltr']);
  }
});

async function signIn(page: Page, name: string): Promise<void> {
  await page.goto('/login');
  await page.getByRole('textbox', { name: 'Username' }).fill(name);
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('/');
}
