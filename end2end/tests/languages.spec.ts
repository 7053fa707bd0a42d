import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { Api } from '../support/api.ts';
import { expect, test } from '../support/fixtures.ts';
import { hydrated } from '../support/pages.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const PASSWORD = 'correct horse battery staple';

/** The button of a language, which is called by its own name whatever the page's language is. */
function language(page: Page, name: 'English' | '繁體中文') {
  return page.getByRole('button', { name, exact: true });
}

async function isIn(page: Page, tag: 'en' | 'zh-Hant'): Promise<void> {
  await expect(page.locator('html')).toHaveAttribute('lang', tag);
}

async function registerInChinese(page: Page, name: string): Promise<void> {
  await page.getByRole('textbox', { name: '使用者名稱' }).fill(name);
  await page.getByRole('textbox', { name: '密碼', exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: '建立帳號' }).click();
  await page.waitForURL('/');
}

test('a language that is chosen before the login stays, and is taken back in the settings', async ({ page }) => {
  await page.goto('/register');
  await isIn(page, 'en');
  await language(page, '繁體中文').click();
  await page.waitForURL('/register');
  await isIn(page, 'zh-Hant');
  await expect(language(page, '繁體中文')).toHaveAttribute('aria-pressed', 'true');
  await hydrated(page);
  await registerInChinese(page, 'alice');
  await hydrated(page);
  await isIn(page, 'zh-Hant');
  await expect(page.getByRole('navigation', { name: '主選單' })).toBeVisible();
  await page.goto('/settings');
  await hydrated(page);
  await expect(page.getByRole('heading', { name: '設定' })).toBeVisible();
  await language(page, 'English').click();
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await isIn(page, 'en');
});

test.describe('of who reads Chinese', () => {
  test.use({ locale: 'zh-TW' });

  test('the page says the same before and after it comes to life', async ({ page, browser, server, guard }) => {
    await page.goto('/register');
    await hydrated(page);
    await registerInChinese(page, 'alice');
    const bob = await Api.register(server.url, 'bob', PASSWORD);
    await bob.publishAll(['hello', { message: 'for alice 給你', to: '@alice', priority: 9 }]);

    const plain = await browser.newContext({
      baseURL: server.url,
      javaScriptEnabled: false,
      locale: 'zh-TW',
      storageState: await page.context().storageState(),
    });
    guard.watch(plain, { javaScriptEnabled: false });
    const before = await plain.newPage();
    // Somebody stays online, whichever of the pages is being loaded.
    const steady = await page.context().newPage();
    await steady.goto('/');
    await expect(steady.getByRole('heading', { name: '目前在線上' })).toHaveText(/1$/);
    for (const path of ['/', '/?filter=me', '/history', '/settings']) {
      await before.goto(path);
      await page.goto(path);
      await hydrated(page);
      await isIn(page, 'zh-Hant');
      for (const words of ['nav', 'h1', 'h2', 'label', '.segmented', '.message-head']) {
        expect(await page.locator(words).allTextContents(), `${words} on ${path}`).toEqual(
          await before.locator(words).allTextContents(),
        );
      }
    }
    await plain.close();
  });

  test('what the program says is Chinese: what is new, marked, refused and sent', async ({ page, server }) => {
    await page.goto('/register');
    await hydrated(page);
    await registerInChinese(page, 'alice');
    await hydrated(page);
    await expect(page.locator('p.connection')).toHaveText('已連線');
    const bob = await Api.register(server.url, 'bob', PASSWORD);
    await bob.publish('news');
    await expect(page.locator('#announcer')).toHaveText('1 則新訊息');
    await expect(page.getByRole('listitem').filter({ hasText: 'news' }).locator('time').first()).toHaveText('剛剛');

    const send = page.getByRole('button', { name: /^傳送/ });
    await send.click();
    await expect(page.getByRole('alert')).toHaveText('請先輸入訊息內容。');
    await page.getByRole('combobox', { name: '收件者', exact: true }).fill('@nobody');
    await page.getByRole('textbox', { name: '訊息內容' }).fill('嗨');
    await send.click();
    await expect(page.getByRole('alert')).toHaveText('找不到收件者「@nobody」。請使用 everyone、@名稱或 #主題。');

    await page.getByRole('button', { name: '全部標示為已讀' }).click();
    await expect(page.getByText('已將 1 則訊息標示為已讀')).toBeVisible();
    await page.getByRole('button', { name: '復原' }).click();
    await expect(page).toHaveTitle('(1) 收件匣 · Push System');
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`in the ${colorScheme} theme`, () => {
      test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });

      test('axe finds nothing', async ({ page, server }) => {
        for (const path of ['/login', '/register']) {
          await page.goto(path);
          await hydrated(page);
          await expectAccessible(page);
        }
        await registerInChinese(page, 'alice');
        const bob = await Api.register(server.url, 'bob', PASSWORD);
        await bob.publishAll(['hello', { title: '標題', message: '內容', to: '@alice', priority: 9 }]);
        for (const path of ['/', '/history?q=hello', '/settings', '/settings/sessions', '/admin']) {
          await page.goto(path);
          await hydrated(page);
          await expectAccessible(page);
        }
      });
    });
  }

  test('nothing is wider than a phone', async ({ newBrowser, server }) => {
    const page = await (await newBrowser({ locale: 'zh-TW', viewport: { width: 360, height: 740 } })).newPage();
    await page.goto('/register');
    await hydrated(page);
    await registerInChinese(page, 'alice');
    const bob = await Api.register(server.url, 'bob', PASSWORD);
    await bob.publish({ title: '很長的標題'.repeat(20), message: '沒有空格的內容'.repeat(40) });
    for (const path of ['/', '/history', '/settings', '/settings/sessions', '/admin']) {
      await page.goto(path);
      await hydrated(page);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(beyond, path).toBeLessThanOrEqual(0);
    }
  });
});

test.describe('without script', () => {
  test.use({ javaScriptEnabled: false });

  test('a language is chosen with a button, and the way back is kept', async ({ page, expectConsole }) => {
    expectConsole(/status of 401/);
    await page.goto('/history');
    await page.waitForURL('/login?next=%2Fhistory');
    await language(page, '繁體中文').click();
    await page.waitForURL('/login?next=%2Fhistory');
    await isIn(page, 'zh-Hant');
    await page.getByRole('textbox', { name: '使用者名稱' }).fill('nobody');
    await page.getByRole('textbox', { name: '密碼', exact: true }).fill('not the password');
    await page.getByRole('button', { name: '登入' }).click();
    await expect(page.getByRole('alert')).toHaveText('使用者名稱或密碼錯誤。');
    await language(page, 'English').click();
    await page.waitForURL('/login?next=%2Fhistory');
    await isIn(page, 'en');
  });
});

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  const found = violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ target }) => target.join(' ')) }));
  expect(found, `what axe found on ${page.url()}`).toEqual([]);
}
