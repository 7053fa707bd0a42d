import type { Page } from '@playwright/test';

import { Api } from './api.ts';
import { expect } from './fixtures.ts';
import { Admin, hydrated, Sessions } from './pages.ts';

const PASSWORD = 'correct horse battery staple';

/** Takes an admin through what the pages about accounts show and what their forms come to, and has a look at each. */
export async function walkDesk(page: Page, base: string, look: () => Promise<void>): Promise<void> {
  await Api.register(base, 'bob', PASSWORD);
  const admin = new Admin(page);
  const open = async (path: string): Promise<void> => {
    await page.goto(path);
    await hydrated(page);
    await look();
  };
  const press = async (name: string): Promise<void> => {
    await admin.press(name);
    await hydrated(page);
  };

  for (const path of ['/admin', '/admin?after=1', '/admin?after=999999', '/admin?q=b', '/admin?q=nobody', '/admin/log']) {
    await open(path);
  }

  await admin.person('bob');
  await press('Reset password');
  await expect(admin.secret('New password of bob')).toBeVisible();
  await look();
  await press('Disable account');
  await expect(admin.done).toBeVisible();
  await look();
  const confirm = page.getByRole('textbox', { name: 'Type bob to confirm' });
  await confirm.fill('somebody');
  await press('Delete account');
  await expect(confirm).toBeFocused();
  await look();
  await confirm.fill('bob');
  await press('Delete account');
  await expect(page.getByText('This account was deleted.')).toBeVisible();
  await look();

  await open('/admin/people/1');
  await press('Make member');
  await expect(admin.refused).toBeVisible();
  await look();

  await open('/admin/invitations');
  await press('Make a link');
  await expect(admin.rows).toHaveCount(1);
  await look();
  await open('/admin/server');
  await press('Close registration');
  await expect(admin.done).toBeVisible();
  await look();

  await open('/settings/sessions');
  const sessions = new Sessions(page);
  await sessions.opener(sessions.elsewhere.first()).click();
  await look();
  await sessions.signOut(sessions.elsewhere.first(), 'not the password');
  await expect(sessions.rows.getByRole('alert')).toBeVisible();
  await look();
}
