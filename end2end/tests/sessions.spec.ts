import { expect, test } from '../support/fixtures.ts';
import { Api } from '../support/api.ts';
import { Entrance, Sessions } from '../support/pages.ts';

const PASSWORD = 'correct horse battery staple';

for (const { name, javaScriptEnabled } of [
  { name: 'with JavaScript', javaScriptEnabled: true },
  { name: 'with JavaScript off', javaScriptEnabled: false },
]) {
  test.describe(name, () => {
    test.use({ javaScriptEnabled });

    test.beforeEach(async ({ page, server, expectConsole }) => {
      // Without script a page never uses what it fetches for it.
      if (!javaScriptEnabled) expectConsole(/preloaded using link preload but not used/);
      await Api.register(server.url, 'ana', PASSWORD);
      await page.goto('/login?next=%2Fsettings%2Fsessions');
      await new Entrance(page).signIn('ana', PASSWORD);
      await page.waitForURL('/settings/sessions');
    });

    test('one other session is ended by whoever knows the password', async ({ page, server, expectConsole }) => {
      expectConsole(/status of 401/);
      await Api.login(server.url, 'ana', PASSWORD);
      const sessions = new Sessions(page);
      await sessions.open();
      await expect(sessions.rows).toHaveCount(3);
      await expect(sessions.here).toHaveCount(1);
      await expect(sessions.here).toContainText('Chrome');
      await expect(sessions.here).toContainText('127.0.0.1');

      await sessions.opener(sessions.elsewhere.first()).click();
      await sessions.signOut(sessions.elsewhere.first(), 'not the password');
      const refused = sessions.rows.filter({ has: page.getByRole('alert') });
      await expect(refused.getByLabel('Your password')).toHaveAccessibleDescription('That is not your current password.');
      await expect(refused.getByLabel('Your password')).toHaveValue('');
      await expect(refused.getByLabel('Your password')).toBeFocused();
      await expect(sessions.rows).toHaveCount(3);

      await sessions.signOut(refused, PASSWORD);
      await expect(sessions.done).toHaveText('That device was signed out.');
      await expect(sessions.rows).toHaveCount(2);
    });

    test('the form is opened and closed by keyboard, and the focus stays on what does it', async ({ page }) => {
      const sessions = new Sessions(page);
      await sessions.open();
      const row = sessions.elsewhere.first();
      const opener = sessions.opener(row);
      await opener.focus();
      await page.keyboard.press('Enter');
      await expect(row.getByLabel('Your password')).toBeVisible();
      await expect(opener).toBeFocused();
      await expect(opener).toHaveText(/^\s*Cancel\s*$/, { useInnerText: true });
      await page.keyboard.press('Enter');
      await expect(row.getByLabel('Your password')).toBeHidden();
      await expect(opener).toBeFocused();
    });

    test('each form says which session it ends, also of devices that are called the same', async ({ page, server }) => {
      await Api.login(server.url, 'ana', PASSWORD);
      const sessions = new Sessions(page);
      await sessions.open();
      await expect(sessions.elsewhere).toHaveCount(2);
      for (const row of await sessions.elsewhere.all()) {
        await sessions.opener(row).click();
        await expect(row.getByRole('button', { name: /^Sign out .+, \d/ })).toHaveAccessibleDescription(/Last seen/);
      }
    });

    test('all others are ended, and this one stays', async ({ page, expectConsole }) => {
      expectConsole(/status of 401/);
      const sessions = new Sessions(page);
      await sessions.open();
      await expect(sessions.rows).toHaveCount(2);
      await sessions.signOutOthers('not the password');
      await expect(sessions.others.getByRole('alert')).toHaveText('That is not your current password.');
      await expect(sessions.others.getByLabel('Your password')).toBeFocused();
      await sessions.signOutOthers(PASSWORD);
      await expect(sessions.done).toHaveText('Your other devices were signed out.');
      await expect(sessions.rows).toHaveCount(1);
      await expect(page.getByText('You are signed in nowhere else.')).toBeVisible();
      await expect(sessions.others).toHaveCount(0);

      await page.reload();
      await expect(sessions.here).toHaveCount(1);
      await sessions.here.getByRole('button', { name: 'Sign out' }).click();
      await page.waitForURL('/login');
    });
  });
}

test('a device that is signed out from another is shown the login at once', async ({ person }) => {
  const bob = await person('bob');
  const phone = await bob.device();
  await phone.page.goto('/settings');
  await phone.page.getByRole('link', { name: 'See where you are signed in' }).click();
  const sessions = new Sessions(phone.page);
  await sessions.signOutOthers(bob.password);
  await expect(sessions.done).toBeVisible();
  await bob.page.waitForURL(/\/login\?/);
});
