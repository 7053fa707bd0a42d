import { expect, test } from '../support/fixtures.ts';
import { hydrated, Settings } from '../support/pages.ts';

test('scripts and styles are kept for ever, compressed, and of the right type', async ({ page }) => {
  const loaded: Record<string, string>[] = [];
  page.on('response', (response) => {
    if (!response.url().includes('/pkg/')) return;
    const { pathname } = new URL(response.url());
    loaded.push({ file: pathname.replace(/.*\//, ''), ...response.headers() });
  });
  await page.goto('/login');
  await hydrated(page);

  expect(loaded.map(({ file }) => file).toSorted()).toEqual(['push-system.css', 'push-system.js', 'push-system.wasm']);
  for (const headers of loaded) {
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-encoding': expect.stringMatching(/^(br|gzip)$/),
    });
  }
  expect(loaded.find(({ file }) => file === 'push-system.wasm')).toMatchObject({ 'content-type': 'application/wasm' });
});

test('icons and manifest exist and are not sent twice', async ({ request }) => {
  for (const path of ['/favicon.ico', '/favicon.svg', '/icons.svg', '/manifest.webmanifest']) {
    const first = await request.get(path);
    expect(first.status(), path).toBe(200);
    const again = await request.get(path, { headers: { 'if-none-match': first.headers()['etag'] ?? '' } });
    expect(again.status(), path).toBe(304);
  }
});

test('pages that do not exist say so, with the right status', async ({ page, expectConsole }) => {
  expectConsole(/status of 404/);
  const answer = await page.goto('/there/is/no/such/page');
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('link', { name: 'Go to the inbox' })).toBeVisible();
});

test('the chosen theme is in the page that the server sends', async ({ person }) => {
  const { page } = await person('alice', { colorScheme: 'light' });
  await page.goto('/settings');
  await hydrated(page);
  await new Settings(page).theme('Dark').check({ force: true });
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect.poll(async () => (await page.request.get('/')).text()).toMatch(/<html[^>]*data-theme="dark"/);
});
