import type { Page } from '@playwright/test';

import { Api } from '../support/api.ts';
import { expect, test } from '../support/fixtures.ts';
import { Entrance, History, hydrated } from '../support/pages.ts';

const PASSWORD = 'correct horse battery staple';

const ways = [
  { name: 'with script', javaScriptEnabled: true },
  { name: 'without script', javaScriptEnabled: false },
];

for (const { name, javaScriptEnabled } of ways) {
  test.describe(name, () => {
    test.use({ javaScriptEnabled });

    /** Bob, who has messages of Alice, on his history page. */
    async function history(page: Page, base: string): Promise<History> {
      const alice = await Api.register(base, 'alice', PASSWORD);
      await Api.register(base, 'bob', PASSWORD);
      await alice.publishAll([
        { title: 'Backup', message: 'Backups of db-1 failed: the DISK is full', priority: 9, tags: ['nightly'] },
        { title: '週會', message: '明天下午三點開會', to: '@bob' },
        { message: 'Disks are fine, café open, see https://example.org' },
      ]);
      await page.goto('/login');
      await new Entrance(page).signIn('bob', PASSWORD);
      await page.waitForURL('/');
      await page.goto('/history');
      if (javaScriptEnabled) await hydrated(page);
      return new History(page);
    }

    async function search(history: History, words: string): Promise<void> {
      await history.search.fill(words);
      await history.submit.click();
      await history.page.waitForURL((url) => url.searchParams.get('q') === words);
    }

    test('words are found and marked as they stand in the message', async ({ page, server }) => {
      const found = await history(page, server.url);
      await search(found, 'disk backup');
      await expect(found.results).toHaveCount(1);
      await expect(found.results.locator('mark')).toHaveText(['Backup', 'Backups', 'DISK']);

      await search(found, 'CAFE');
      await expect(found.results.locator('mark')).toHaveText(['café']);

      await search(found, '會');
      await expect(found.results.locator('mark')).toHaveText(['會', '會']);

      await search(found, 'NIGHTLY alice');
      await expect(found.results.locator('mark')).toHaveText(['alice', 'nightly']);

      await search(found, '"disk is full" -fine');
      await expect(found.results.locator('mark')).toHaveText(['DISK is full']);
    });

    test('a filter stands in the address, is shown, is not marked, and can be taken away', async ({ page, server }) => {
      const found = await history(page, server.url);
      await search(found, 'from:alice priority:>=7 disk');
      await expect(found.results).toHaveCount(1);
      await expect(found.results.locator('mark')).toHaveText(['DISK']);

      await page.reload();
      await expect(found.search).toHaveValue('from:alice priority:>=7 disk');
      await expect(found.results).toHaveCount(1);

      await page.getByRole('link', { name: 'Remove the filter priority:>=7' }).click();
      await page.waitForURL((url) => url.searchParams.get('q') === 'from:alice disk');
      await expect(found.results).toHaveCount(2);
      await expect(found.search).toHaveValue('from:alice disk');

      await page.goBack();
      await expect(found.results).toHaveCount(1);
      await expect(found.search).toHaveValue('from:alice priority:>=7 disk');
    });

    test('filters alone find messages too', async ({ page, server }) => {
      const found = await history(page, server.url);
      for (const [words, count] of [
        ['to:me', 1],
        ['has:link', 1],
        ['is:unread', 3],
        ['is:read', 0],
        ['from:me', 0],
        ['after:1d', 3],
        ['before:1d', 0],
        ['-to:everyone', 1],
      ] as const) {
        await search(found, words);
        await expect(found.results, words).toHaveCount(count);
      }
    });

    test('what is no filter is searched as text, and the page says so', async ({ page, server }) => {
      const found = await history(page, server.url);
      await search(found, 'prio:high');
      await expect(page.getByText('“prio:high” is not a filter, so it was searched as text.')).toBeVisible();
      await expect(found.nothingMatched).toBeVisible();
    });

    test('nothing matched is not nothing yet, and shows what else can be asked', async ({ page, server }) => {
      const found = await history(page, server.url);
      await search(found, 'nowhere');
      await expect(found.nothingMatched).toBeVisible();
      await page.getByRole('link', { name: 'is:unread', exact: true }).click();
      await page.waitForURL((url) => url.searchParams.get('q') === 'is:unread');
      await expect(found.results).toHaveCount(3);
    });

    test('a history without messages says that there is nothing yet', async ({ page, server }) => {
      await Api.register(server.url, 'bob', PASSWORD);
      await page.goto('/login');
      await new Entrance(page).signIn('bob', PASSWORD);
      await page.waitForURL('/');
      await page.goto('/history');
      await expect(new History(page).nothingMatched).toHaveCount(0);
      await expect(page.getByRole('main').getByRole('heading', { level: 2, name: 'Nothing here yet' })).toBeVisible();
    });
  });
}
