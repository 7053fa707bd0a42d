import type { Page } from '@playwright/test';

import { walkDesk } from '../support/desk.ts';
import { expect, test } from '../support/fixtures.ts';
import { hydrated, Settings } from '../support/pages.ts';

// Errors and warnings on the console fail every test by themselves; these listen to the policy's own reports as well.

/** What the browser refuses on this page from its next document on. */
async function refusalsOn(page: Page): Promise<string[]> {
  const refused: string[] = [];
  await page.exposeBinding('tellRefusal', (_, what: string) => void refused.push(what));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile, lineNumber }) => {
      const { tellRefusal } = window as unknown as { tellRefusal: (what: string) => void };
      tellRefusal(`${effectiveDirective} ${blockedURI} (${sourceFile}:${lineNumber} on ${location.pathname})`);
    });
  });
  return refused;
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in the ${colorScheme} theme`, () => {
    test.use({ colorScheme });

    test('no page for everybody breaks the policy', async ({ page, expectConsole }) => {
      expectConsole(/status of 404/);
      const refused = await refusalsOn(page);
      for (const path of ['/login', '/login?why=ended', '/register', '/there/is/no/such/page']) {
        await page.goto(path);
        await hydrated(page);
      }
      expect(refused).toEqual([]);
    });

    test('no page of a person breaks the policy, nor what they do there', async ({ person }) => {
      const alice = await person('alice', { colorScheme });
      const bob = await person('bob');
      const refused = await refusalsOn(alice.page);
      await bob.api.publishAll([
        { title: 'Urgent', message: 'https://example.org/ and mailto:bob@example.org', priority: 9 },
        `folded${'\nline'.repeat(20)}`,
      ]);
      for (const path of ['/history', '/history?q=line', '/settings', '/settings/sessions', '/topics', '/?filter=me', '/']) {
        await alice.page.goto(path);
        await hydrated(alice.page);
      }
      await alice.inbox.live();
      await bob.inbox.send('while she looks', { title: 'live' });
      await expect(alice.inbox.row('while she looks')).toBeVisible();
      await alice.inbox.send('an answer\nin two lines', { to: ['bob'] });
      await expect(bob.inbox.row('an answer\nin two lines')).toBeVisible();
      await alice.page.keyboard.press('Escape');
      await alice.page.getByRole('main').focus();
      await alice.page.keyboard.press('?');
      await expect(alice.inbox.help).toBeVisible();
      await alice.page.keyboard.press('Escape');
      await alice.page.goto('/settings');
      await hydrated(alice.page);
      await new Settings(alice.page).theme('Dark').check({ force: true });
      await expect(alice.page.locator('html')).toHaveAttribute('data-theme', 'dark');
      expect(refused).toEqual([]);
    });

    test('no page of an admin breaks the policy, whatever its forms come to', async ({ person, server, expectConsole }) => {
      expectConsole(/status of 4(01|09|22)/);
      const alice = await person('alice', { colorScheme });
      const refused = await refusalsOn(alice.page);
      await walkDesk(alice.page, server.url, () => hydrated(alice.page));
      expect(refused).toEqual([]);
    });
  });
}

test('what gets into a page all the same does not run', async ({ page, expectConsole }) => {
  expectConsole(/Content Security Policy|TrustedScript/);
  const refused = await refusalsOn(page);
  await page.goto('/login');
  await hydrated(page);
  const tried = await page.evaluate(async () => {
    const attempt = (what: () => unknown): string => {
      try {
        what();
        return 'went through';
      } catch (error) {
        return (error as Error).name;
      }
    };
    const script = document.createElement('script');
    document.body.insertAdjacentHTML('beforeend', '<button onclick="document.title = `ran`" style="color: red">Press</button>');
    return {
      // Later, because what is evaluated from outside may do that for as long as it runs.
      text: await new Promise((resolve) => setTimeout(() => resolve(attempt(() => eval('1'))))),
      address: attempt(() => (script.src = 'https://evil.example/x.js')),
      content: attempt(() => (script.text = 'document.title = "ran"')),
    };
  });
  expect(tried).toEqual({ text: 'EvalError', address: 'TypeError', content: 'TypeError' });
  await page.getByRole('button', { name: 'Press' }).click();
  await expect(page).not.toHaveTitle('ran');
  expect(refused.map((what) => what.split(' ')[0])).toEqual(expect.arrayContaining(['script-src-attr', 'style-src-attr']));
});
