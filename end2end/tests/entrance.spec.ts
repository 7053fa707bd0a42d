import { expect, test } from '../support/fixtures.ts';
import { Server } from '../support/server.ts';

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
