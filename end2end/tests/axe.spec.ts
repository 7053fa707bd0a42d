import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { expect, SERVER_GONE, test } from '../support/fixtures.ts';
import { hydrated } from '../support/pages.ts';
import { walkDesk } from '../support/desk.ts';
import { Wire } from '../support/wire.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  const found = violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ target }) => target.join(' ')) }));
  expect(found, `what axe found on ${page.url()}`).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
  // Colours that are still fading are not the ones that people read.
  test.describe(`in the ${colorScheme} theme`, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });
    const look = { colorScheme, reducedMotion: 'reduce' } as const;

    test('the pages for everybody', async ({ page, expectConsole }) => {
      expectConsole(/status of 404/);
      for (const path of ['/login', '/register', '/there/is/no/such/page']) {
        await page.goto(path);
        await hydrated(page);
        await expectAccessible(page);
      }
    });

    test('the inbox, empty', async ({ person }) => {
      const alice = await person('alice', look);
      await expectAccessible(alice.page);
    });

    test('the inbox, with messages of every kind', async ({ person }) => {
      const alice = await person('alice');
      const bob = await person('bob', look);
      await alice.api.publishAll([
        'plain',
        { title: 'Urgent', message: 'with a title', priority: 9 },
        { title: 'High', message: 'not quite as urgent', priority: 7 },
        { message: 'for bob alone 只給你', to: '@bob' },
        `a long one with https://example.org/ in it${'\nand one more line'.repeat(20)}`,
      ]);
      await bob.api.publish('from bob');
      await bob.inbox.showsUnread(5);
      await expect(bob.page.getByRole('checkbox', { name: 'Show all' })).toBeVisible();
      await bob.inbox.text.fill('a draft');
      await bob.page.keyboard.press('Escape');
      await expectAccessible(bob.page);
    });

    test('the commands, and what can be done with a message and with several', async ({ person }) => {
      const alice = await person('alice', look);
      await alice.inbox.send('mine', { title: 'to be changed' });
      await expect(alice.inbox.row('mine')).toBeVisible();
      await alice.page.getByRole('checkbox', { name: 'Select' }).check();
      await expectAccessible(alice.page);
      await alice.inbox.row('mine').getByLabel('More').click();
      await expectAccessible(alice.page);
      await alice.inbox.row('mine').getByRole('link', { name: 'Edit' }).click();
      await expectAccessible(alice.page);
      await alice.page.keyboard.press('Control+k');
      await expect(alice.inbox.command).toBeFocused();
      await expectAccessible(alice.page);
    });

    test('the help', async ({ person }) => {
      const alice = await person('alice', look);
      await alice.page.getByRole('main').focus();
      await alice.page.keyboard.press('?');
      await expect(alice.inbox.help).toBeVisible();
      await expectAccessible(alice.page);
    });

    test('the history, with results and without', async ({ person }) => {
      const alice = await person('alice', look);
      await alice.api.publish({ title: 'Disk', message: 'almost full' });
      for (const path of ['/history', '/history?q=disk', '/history?q=nothing.like.it', '/?filter=saved', '/?filter=archived', '/topics']) {
        await alice.page.goto(path);
        await hydrated(alice.page);
        await expectAccessible(alice.page);
      }
    });

    test('the settings', async ({ person }) => {
      const alice = await person('alice', look);
      await alice.page.goto('/settings');
      await hydrated(alice.page);
      await expectAccessible(alice.page);
    });

    test('the sessions and the pages of an admin', async ({ person }) => {
      const alice = await person('alice', look);
      await alice.device();
      const addresses = ['/settings/sessions', '/admin', '/admin?q=nobody', '/admin/people/1', '/admin/invitations', '/admin/log', '/admin/server'];
      for (const path of addresses) {
        await alice.page.goto(path);
        await hydrated(alice.page);
        await expectAccessible(alice.page);
      }
      await alice.page.goto('/admin/invitations');
      await alice.page.getByRole('button', { name: 'Make a link' }).click();
      await expect(alice.page.getByRole('table')).toBeVisible();
      await expectAccessible(alice.page);
      await alice.page.goto('/settings/sessions');
      await alice.page.locator('summary').first().click();
      await expectAccessible(alice.page);
    });

    for (const [width, viewport] of Object.entries({ desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } })) {
      test(`what the pages about accounts come to, ${width}`, async ({ person, server, newBrowser, expectConsole }) => {
        expectConsole(/status of 4(01|09|22)/);
        const alice = await person('alice', { ...look, viewport });
        await walkDesk(alice.page, server.url, () => expectAccessible(alice.page));
        const visitor = await (await newBrowser({ ...look, viewport })).newPage();
        await visitor.goto('/register');
        await expect(visitor.getByText('This server takes no new accounts.')).toBeVisible();
        await expectAccessible(visitor);
      });
    }

    test('the inbox under a filter, without a connection', async ({ person, expectConsole }) => {
      expectConsole(SERVER_GONE);
      const alice = await person('alice');
      const bob = await person('bob', look);
      await alice.api.publish({ message: 'for bob', to: '@bob' });
      const wire = await Wire.lay(bob.page);
      await bob.page.goto('/?filter=me');
      await bob.inbox.live();
      await expect(bob.inbox.markShown).toBeVisible();
      await wire.cut();
      await expect(bob.page.getByRole('heading', { name: /^Last known online/ })).toBeVisible();
      await expectAccessible(bob.page);
    });
  });
}
