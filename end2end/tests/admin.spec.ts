import type { Page } from '@playwright/test';
import { readFile } from 'node:fs/promises';

import { Api } from '../support/api.ts';
import { expect, test } from '../support/fixtures.ts';
import { Admin, Entrance, hydrated } from '../support/pages.ts';

const PASSWORD = 'correct horse battery staple';

async function signIn(page: Page, name: string, password = PASSWORD): Promise<void> {
  await page.goto('/login');
  await new Entrance(page).signIn(name, password);
}

for (const { name, javaScriptEnabled } of [
  { name: 'with JavaScript', javaScriptEnabled: true },
  { name: 'with JavaScript off', javaScriptEnabled: false },
]) {
  test.describe(name, () => {
    test.use({ javaScriptEnabled });

    // The first account is an admin's.
    test.beforeEach(async ({ page, server, expectConsole }) => {
      // Without script a page never uses what it fetches for it.
      if (!javaScriptEnabled) expectConsole(/preloaded using link preload but not used/);
      await Api.register(server.url, 'ana', PASSWORD);
      await Api.register(server.url, 'bob', PASSWORD);
      await signIn(page, 'ana');
      await page.waitForURL('/');
    });

    test('people are listed, found by how their name begins, and not found by anything else', async ({ page }) => {
      const admin = new Admin(page);
      await page.getByRole('link', { name: 'Administration' }).first().click();
      await expect(admin.heading).toHaveText('People');
      await expect(admin.rows).toHaveCount(2);
      await expect(admin.rows.first()).toContainText(/ana.*admin.*active/);
      await admin.search.fill('bo');
      await admin.search.press('Enter');
      await page.waitForURL('/admin?q=bo');
      await expect(admin.rows).toHaveCount(1);
      await expect(admin.rows).toContainText('bob');
      await page.goto('/admin?q=zz');
      await expect(page.getByRole('heading', { name: 'Nobody is called “zz…”' })).toBeVisible();
      await page.getByRole('link', { name: 'Show everybody' }).click();
      await expect(admin.rows).toHaveCount(2);
    });

    test('a disabled account is out until it is enabled', async ({ page, newBrowser, expectConsole }) => {
      expectConsole(/status of 401/);
      const admin = new Admin(page);
      await admin.person('bob');
      await admin.press('Disable account');
      await expect(admin.done).toHaveText('The account is disabled.');
      await expect(admin.fact('Account')).toHaveText('disabled');
      const bob = await (await newBrowser()).newPage();
      await signIn(bob, 'bob');
      await expect(new Entrance(bob).error).toBeVisible();
      await admin.press('Enable account');
      await expect(admin.fact('Account')).toHaveText('active');
      await signIn(bob, 'bob');
      await bob.waitForURL('/');
    });

    test('a role is given and taken, but never the last admin’s', async ({ page, expectConsole }) => {
      expectConsole(/status of 4(09|03)/);
      const admin = new Admin(page);
      await admin.person('ana');
      await admin.press('Make member');
      await expect(admin.refused).toContainText('the last admin');
      await expect(page.locator(':focus')).toContainText('the last admin');
      await expect(admin.fact('Role')).toHaveText('admin');
      await admin.person('bob');
      await admin.press('Make admin');
      await expect(admin.done).toHaveText('They are an admin now.');
      await admin.person('ana');
      await admin.press('Make member');
      await expect(admin.heading).toHaveText('That is not allowed');
    });

    test('a reset password is shown once and works', async ({ page, newBrowser, expectConsole }) => {
      expectConsole(/status of 401/);
      const admin = new Admin(page);
      await admin.person('bob');
      await admin.press('Reset password');
      const password = await admin.secret('New password of bob').inputValue();
      expect(password.length).toBeGreaterThanOrEqual(12);
      await page.reload();
      await expect(admin.heading).toHaveText('bob');
      await expect(admin.secret('New password of bob')).toHaveCount(0);
      await expect(page.getByText(password)).toHaveCount(0);

      const bob = await (await newBrowser()).newPage();
      await signIn(bob, 'bob');
      await expect(new Entrance(bob).error).toBeVisible();
      await signIn(bob, 'bob', password);
      await bob.waitForURL('/');
    });

    test('an admin’s own password is changed in the settings', async ({ page }) => {
      const admin = new Admin(page);
      await admin.person('ana');
      await expect(page.getByRole('button', { name: 'Reset password' })).toHaveCount(0);
      await page.getByRole('main').getByRole('link', { name: 'Change password' }).click();
      await page.waitForURL('/settings');
    });

    test('sessions are ended', async ({ page }) => {
      const admin = new Admin(page);
      await admin.person('bob');
      await admin.press('End all sessions');
      await expect(admin.done).toHaveText('All their sessions were ended.');
      await expect(page.getByText('Signed in nowhere.')).toBeVisible();
    });

    test('an account is deleted by whoever types its name', async ({ page, expectConsole }) => {
      expectConsole(/status of 422/);
      const admin = new Admin(page);
      await admin.person('bob');
      const confirm = page.getByRole('textbox', { name: 'Type bob to confirm' });
      await confirm.fill('ana');
      await admin.press('Delete account');
      await expect(confirm).toHaveAccessibleDescription('That is not the name of this account.');
      await expect(confirm).toBeFocused();
      await confirm.fill('bob');
      await admin.press('Delete account');
      await expect(admin.done).toHaveText('The account was deleted.');
      await expect(page.getByText('This account was deleted.')).toBeVisible();
      await expect(page.getByRole('main').getByRole('button')).toHaveCount(0);
    });

    test('an invitation lets one person in where registration is closed', async ({ page, newBrowser, expectConsole }) => {
      expectConsole(/status of (403|422|409)/);
      const admin = new Admin(page);
      await page.goto('/admin/server');
      await admin.press('Close registration');
      await expect(admin.done).toHaveText('Registration is closed.');

      const guest = await (await newBrowser({ javaScriptEnabled })).newPage();
      await guest.goto('/register');
      await expect(guest.getByRole('status')).toContainText('no new accounts');
      await expect(new Entrance(guest).username).toHaveCount(0);

      await page.goto('/admin/invitations');
      await page.getByLabel('Good for').selectOption('1 day');
      await admin.press('Make a link');
      const link = await admin.secret('Link for one person').inputValue();
      await expect(admin.rows).toHaveCount(1);
      await expect(admin.rows).toContainText('not used yet');
      await page.goto('/admin/invitations');
      await expect(admin.secret('Link for one person')).toHaveCount(0);

      await guest.goto(link);
      await expect(guest.getByText('You were invited.')).toBeVisible();
      await new Entrance(guest).register('bob', PASSWORD);
      await expect(new Entrance(guest).username).toHaveAccessibleDescription(/taken/);
      await new Entrance(guest).register('carol', PASSWORD);
      await guest.waitForURL('/');
      await page.goto('/admin/invitations');
      await expect(admin.rows).toContainText('carol');

      const second = await (await newBrowser({ javaScriptEnabled })).newPage();
      await second.goto(link);
      await new Entrance(second).register('dave', PASSWORD);
      await expect(new Entrance(second).error).toContainText('This invitation was used');
    });

    test('an invitation is taken back', async ({ page }) => {
      const admin = new Admin(page);
      await page.goto('/admin/invitations');
      await expect(page.getByText('Links that you make are listed here')).toBeVisible();
      await admin.press('Make a link');
      await expect(admin.rows).toHaveCount(1);
      await page.reload();
      await expect(admin.rows).toHaveCount(1);
      await expect(admin.secret(/./)).toHaveCount(0);
      await page.getByRole('button', { name: /^Delete the invitation/ }).click();
      await expect(admin.done).toContainText('Its link does not work any more.');
      await expect(admin.rows).toHaveCount(0);
    });

    test('what was done stands in the audit log, newest first, and can be taken home', async ({ page }) => {
      const admin = new Admin(page);
      await admin.person('bob');
      await admin.press('Disable account');
      await expect(admin.done).toBeVisible();
      await admin.nav.getByRole('link', { name: 'Audit log' }).click();
      await expect(admin.rows.first()).toContainText(/Disabled the account.*ana.*bob.*127\.0\.0\.1/);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Download as CSV' }).click(),
      ]);
      expect(await readFile((await download.path()) ?? '', 'utf8')).toContain('account_disabled');
    });

    test('a member sees none of it', async ({ page, newBrowser, expectConsole }) => {
      expectConsole(/status of 403/);
      const bob = await (await newBrowser({ javaScriptEnabled })).newPage();
      await signIn(bob, 'bob');
      await bob.waitForURL('/');
      await expect(bob.getByRole('link', { name: 'Administration' })).toHaveCount(0);
      for (const path of ['/admin', '/admin/people/1', '/admin/invitations', '/admin/log', '/admin/server']) {
        expect((await bob.goto(path))?.status(), path).toBe(403);
        await expect(new Admin(bob).heading).toHaveText('That is not allowed');
      }
      await page.goto('/admin/people/999999');
      await expect(new Admin(page).heading).toHaveText('There is nothing here');
      expectConsole(/status of 404/);
    });
  });
}

test('whoever is disabled while they look is shown the login at once', async ({ page, person, server }) => {
  await Api.register(server.url, 'ana', PASSWORD);
  const bob = await person('bob');
  await signIn(page, 'ana');
  await page.waitForURL('/');
  await hydrated(page);
  const admin = new Admin(page);
  await admin.person('bob');
  await admin.press('Disable account');
  await bob.page.waitForURL(/\/login\?/);
});
