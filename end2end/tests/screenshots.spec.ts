import type { Page } from '@playwright/test';
import { fileURLToPath } from 'node:url';

import { Api } from '../support/api.ts';
import { expect, type Person, test } from '../support/fixtures.ts';
import { Entrance, hydrated, Row } from '../support/pages.ts';

const PICTURES = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const PASSWORD = 'correct horse battery staple';
const FRAMED = ['/', '/history', '/history?q=long', '/?filter=saved', '/topics', '/settings'];
const ADMIN = ['/settings/sessions', '/admin', '/admin/people/1', '/admin/invitations', '/admin/log', '/admin/server'];

/** Pictures change with every font and browser, so they are only made when asked for; the rest is checked always. */
async function picture(page: Page, name: string): Promise<void> {
  if (process.env['UPDATE_SCREENSHOTS'] !== '1') return;
  await page.screenshot({ path: `${PICTURES}${name}.png`, animations: 'disabled', caret: 'hide' });
}

async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth] as const;
  });
  expect(content, `${page.url()} at ${window} pixels`).toBeLessThanOrEqual(window);
}

/** Makes a topic, and brings somebody into it. */
async function topic(owner: Api, draft: { name: string; description?: string; private?: boolean }, member: Api): Promise<number> {
  const { topic } = await owner.ask<{ topic: { id: number } }>('POST', '/topic', draft);
  const { id } = await member.ask<{ id: number }>('GET', '/auth/me');
  await owner.ask('PUT', `/topic/${topic.id}/members/${id}`, {});
  return topic.id;
}

/** A morning in a small company, as seen by mei.chen; gives the topic of who keeps the machines running. */
async function fill(mei: Person, register: (name: string) => Promise<Api>): Promise<number> {
  const jonas = await register('jonas.lind');
  const ana = await register('ana.kovac');
  const ops = await register('ops-bot');
  const release = await register('release-agent');

  const machines = await topic(ops, { name: 'ops', description: 'What runs, and what does not' }, mei.api);
  await topic(release, { name: 'releases', description: 'What is new, and where it is' }, mei.api);
  await topic(jonas, { name: 'board', private: true }, mei.api);

  await ops.publishAll([
    { message: 'Backup of db-1 finished in 4 min 12 s, 38 GB.', to: '#ops' },
    { title: 'Disk of db-2 at 80 %', message: 'Growing 0.8 GB an hour since yesterday.', priority: 5, to: '#ops' },
  ]);
  await ana.publish('Coffee machine on the second floor is repaired.');
  await mei.api.publish({ title: '週五全員會議改到下午三點', message: '地點不變，請提早五分鐘入場。會議連結與議程已更新。' });
  await jonas.publish({ message: 'שלום, הפגישה נדחתה למחר בבוקר.', to: '@mei.chen' });
  await mei.api.publish({ message: 'Ordered the new disk, it comes on Tuesday.', to: '@jonas.lind' });
  await release.publish({
    title: '2.4.1 is out',
    message: 'Fixes the reconnect delay after sleep. Rolled out to all regions in 11 minutes.',
    priority: 7,
    to: '#releases',
  });
  await mei.inbox.markAll.click();
  await mei.inbox.showsUnread(0);
  await ana.publish('The visitors from Ljubljana are in the lobby. I take them up to the third floor.');
  await jonas.publish({
    title: 'Can you look at the invoice export?',
    message: 'Two customers in Taipei get an empty file since this morning. 附件裡有範例。',
    to: '@mei.chen',
  });
  await ops.publish({
    title: 'Disk almost full on db-2',
    message: '94 % used, growing 1.2 GB an hour. At this pace it is full at 17:40.',
    priority: 9,
    to: '#ops',
  });
  await mei.inbox.showsUnread(3);
  await expect(mei.inbox.undo).toHaveCount(0, { timeout: 20_000 });
  return machines;
}

for (const { name, colorScheme, viewport } of [
  { name: 'inbox-light', colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { name: 'inbox-dark', colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  { name: 'inbox-phone', colorScheme: 'light', viewport: { width: 390, height: 844 } },
] as const) {
  test(name, async ({ person, server }) => {
    const mei = await person('mei.chen', { colorScheme, viewport, deviceScaleFactor: 2, reducedMotion: 'reduce' });
    await fill(mei, (username) => Api.register(server.url, username, PASSWORD));

    await expectNoSidewaysScroll(mei.page);
    await expect(mei.inbox.row('94 % used, growing 1.2 GB an hour. At this pace it is full at 17:40.')).toBeInViewport();
    await new Row(mei.inbox.rows.first()).isUnread();
    const background = await mei.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const brightness = Math.max(...(background.match(/\d+/g) ?? []).slice(0, 3).map(Number));
    if (colorScheme === 'dark') expect(brightness).toBeLessThan(80);
    else expect(brightness).toBeGreaterThan(200);
    await picture(mei.page, name);
  });
}

test('topic, search and commands', async ({ person, server }) => {
  const look = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 2, reducedMotion: 'reduce' } as const;
  const mei = await person('mei.chen', look);
  const machines = await fill(mei, (username) => Api.register(server.url, username, PASSWORD));
  const { page } = mei;
  const shows = async (address: string, count: number, name: string) => {
    await page.goto(address);
    await hydrated(page);
    await mei.inbox.live();
    await expect(page.getByRole('main').getByRole('article')).toHaveCount(count);
    await expectNoSidewaysScroll(page);
    await picture(page, name);
  };
  await shows(`/topics/${machines}`, 3, 'topic-light');
  await shows(`/history?q=${encodeURIComponent('disk from:@ops-bot priority:>=5')}`, 2, 'search-light');
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await mei.inbox.open();
  await page.keyboard.press('Control+k');
  await mei.inbox.command.fill('#');
  await expect(mei.inbox.commands.getByRole('option', { name: '#board' })).toBeVisible();
  await picture(page, 'commands-dark');
});

test('no page scrolls sideways, from a small phone to a wide screen', async ({ person, server, newBrowser }) => {
  const alice = await Api.register(server.url, 'alice', PASSWORD);
  const mei = await person('mei.chen');
  await alice.publishAll([
    `a long word ${'a'.repeat(300)} and https://example.org/${'path/'.repeat(60)}`,
    { title: 'T'.repeat(200), message: '長'.repeat(300), priority: 9, to: '@mei.chen' },
  ]);
  await mei.inbox.showsUnread(2);
  const visitor = await (await newBrowser()).newPage();

  for (const width of [360, 390, 719, 720, 1100, 1280, 1920, 2560]) {
    for (const page of [mei.page, visitor]) await page.setViewportSize({ width, height: 800 });
    for (const path of FRAMED) {
      await mei.page.goto(path);
      await hydrated(mei.page);
      await expectNoSidewaysScroll(mei.page);
    }
    for (const path of ['/login', '/register']) {
      await visitor.goto(path);
      await expect(new Entrance(visitor).heading).toBeVisible();
      await expectNoSidewaysScroll(visitor);
    }
  }
});

test('no page of an admin scrolls sideways, and a phone gets cards', async ({ person }) => {
  const { page } = await person('a-very-long-username-is-32-chars');
  await page.goto('/admin/invitations');
  await page.getByRole('button', { name: 'Make a link' }).click();
  for (const width of [360, 390, 719, 720, 1100, 1280, 2560]) {
    await page.setViewportSize({ width, height: 800 });
    for (const path of ADMIN) {
      await page.goto(path);
      await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
      await expectNoSidewaysScroll(page);
    }
    // The table is one whatever it looks like.
    await page.goto('/admin');
    await expect(page.getByRole('table', { name: 'People' }).getByRole('row')).toHaveCount(2);
    const display = await page.getByRole('row').last().evaluate((row) => getComputedStyle(row).display);
    expect(display, `${width} pixels`).toBe(width < 720 ? 'block' : 'table-row');
  }
});

test('nothing moves while the page comes alive', async ({ person }) => {
  const mei = await person('mei.chen');
  await mei.page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
        if (!entry.hadRecentInput) shifts.push(entry.value);
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await mei.api.publishAll(['one', 'two', 'three']);
  await mei.inbox.open();
  const shifts = await mei.page.evaluate(() => (window as unknown as { shifts: number[] }).shifts);
  expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.01);
});
