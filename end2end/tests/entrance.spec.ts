import { expect, test } from '../support/fixtures.ts';
import { Entrance, hydrated, Sessions, Settings } from '../support/pages.ts';
import { Server } from '../support/server.ts';

const SIGNED_OUT = /^You were signed out:/;

test('who is signed out elsewhere is told why, and who signs out is not', async ({ person, expectConsole }) => {
  expectConsole(/status of 422/);
  const bob = await person('bob');
  const phone = await bob.device();
  await phone.page.goto('/settings');
  await hydrated(phone.page);
  await phone.live();
  await new Settings(phone.page).signOutEverywhere.click();
  const sessions = new Sessions(phone.page);
  await expect(sessions.others.getByLabel('Your password')).toBeFocused();
  await sessions.signOutEverywhere(bob.password);

  await bob.page.waitForURL(/\/login\?/);
  await expect(bob.page.getByRole('status')).toHaveText(SIGNED_OUT);
  await phone.page.waitForURL('/login');
  await expect(phone.page.getByText(SIGNED_OUT)).toHaveCount(0);

  await new Entrance(bob.page).signIn(bob.name, bob.password);
  await bob.page.waitForURL('/');
});

test('a page asked for after the login was ended says so too', async ({ person }) => {
  const bob = await person('bob');
  const phone = await bob.device();
  await bob.page.goto('about:blank');
  const sessions = new Sessions(phone.page);
  await sessions.open();
  await sessions.signOutEverywhere(bob.password);
  await phone.page.waitForURL('/login');

  await bob.page.goto('/history?q=a');
  await expect(bob.page).toHaveURL(/\/login\?next=.*&why=ended$/);
  await expect(bob.page.getByText(SIGNED_OUT)).toBeVisible();
  await new Entrance(bob.page).signIn(bob.name, bob.password);
  await bob.page.waitForURL('/history?q=a');
});

test('the reason is one of ours, whatever the address says', async ({ page }) => {
  for (const why of ['<b>pay here</b>', 'Call%20us', '']) {
    await page.goto(`/login?why=${why}`);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.locator('.notice')).toHaveCount(0);
  }
});

test('a server that takes no new accounts offers none', async ({ page }) => {
  const closed = await Server.start({ PUSH_REGISTRATION: 'closed' });
  try {
    await page.goto(`${closed.url}/login`);
    await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
    await expect(page.getByText('Create an account')).toHaveCount(0);

    await page.goto(`${closed.url}/register`);
    await expect(page.getByRole('status')).toContainText('no new accounts');
    await expect(page.getByText('name and a password')).toHaveCount(0);
    await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
  } finally {
    await closed.remove();
  }
});

test('a name that means all people and a short password are refused in one sentence', async ({ page, expectConsole }) => {
  expectConsole(/status of 422/);
  const entrance = new Entrance(page);
  await page.goto('/register');
  await expect(page.getByText('At least 8 characters.')).toBeVisible();
  await entrance.register('Everyone', 'correct horse battery staple');
  await expect(entrance.username).toHaveAccessibleDescription('That name means all people. Choose another one.');

  await entrance.register('bob', 'short');
  await expect(entrance.password).toHaveAccessibleDescription('Use at least 8 characters.');
  await expect(page.getByText(/at least 8 characters/i)).toHaveCount(1);
});
