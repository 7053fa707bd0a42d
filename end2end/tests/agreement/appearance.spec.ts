import type { Locator, Page } from '@playwright/test';

import { type Device, expect, onEach, test, WAYS } from '../../support/someone.ts';

const LONG = Array.from({ length: 30 }, (_, n) => `line ${n}`).join('\n');

/** Chooses something on the page of the settings. */
async function choose(device: Device, section: string, choice: string): Promise<void> {
  await device.open('/settings');
  const form = device.page.getByRole('region', { name: section });
  await form.getByRole('radio', { name: choice }).check({ force: true });
  if (!device.script) await device.submits(() => form.getByRole('button', { name: 'Save' }).click());
  await device.open();
}

async function height(row: Locator): Promise<number> {
  const box = await row.boundingBox();
  if (!box) throw new Error('the row is not on the page');
  return box.height;
}

/** What on the page could be seen on paper, of what paper has no use for. */
function useless(page: Page): Locator {
  const roles = ['button', 'textbox', 'searchbox', 'combobox', 'checkbox', 'navigation', 'form'] as const;
  return roles.map((role) => page.getByRole(role)).reduce((some, more) => some.or(more));
}

/** How light a colour is, from 0 to 1. */
async function lightness(text: Locator): Promise<number> {
  const colour = await text.evaluate((element) => getComputedStyle(element).color);
  const [red = 0, green = 0, blue = 0] = colour.match(/[\d.]+/g)?.map(Number) ?? [];
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}

for (const { how, javaScriptEnabled } of WAYS) {
  test.describe(how, () => {
    test('how close lines stand is a device’s own choice', async ({ someone, program }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await program('eve');
      const { id } = await eve.publish('one');
      await choose(alice.other, 'Density', 'Compact');
      await expect(alice.other.page.locator('html')).toHaveAttribute('data-density', 'compact');
      const compact = await height(alice.other.inbox.message(id));
      for (const device of [alice.live, ...bob.both]) {
        await device.open();
        await expect(device.page.locator('html')).toHaveAttribute('data-density', 'comfortable');
        expect(await height(device.inbox.message(id))).toBeGreaterThan(compact);
      }
      await choose(alice.other, 'Density', 'Comfortable');
      expect(await height(alice.other.inbox.message(id))).toBeGreaterThan(compact);
    });

    test('on paper a list is its messages, whole and dark, whatever the screen’s colours', async ({ someone, program }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const eve = await program('eve');
      await eve.publish({ title: 'Long', message: LONG, priority: 9, tags: ['backup'] });
      await eve.publish({ message: 'see https://example.org/page', to: '@alice, @bob' });
      await choose(alice.other, 'Appearance', 'Dark');

      await onEach([...alice.both, ...bob.both], async (device) => {
        const { page, inbox } = device;
        for (const address of ['/', '/history']) {
          await device.open(address);
          await page.emulateMedia({ media: 'print' });
          await expect(inbox.rows).toHaveCount(2);
          await expect(useless(page).filter({ visible: true })).toHaveCount(0);
          const text = inbox.rows.filter({ hasText: 'Long' }).locator('.message-text');
          expect(await text.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)).toBeLessThanOrEqual(1);
          for (const row of await inbox.rows.all()) {
            for (const part of ['.message-from a', '.message-text', '.message-time a', '.chip']) {
              await expect(row.locator(part).first()).toBeVisible();
              expect(await lightness(row.locator(part).first()), `${part} on ${address}`).toBeLessThan(0.5);
            }
          }
          await page.emulateMedia({ media: 'screen' });
          await expect(inbox.nav).toBeVisible();
        }
      });
    });

    test('on paper the page of a message is the message', async ({ someone }) => {
      const alice = await someone('alice', javaScriptEnabled);
      const bob = await someone('bob');
      const { id } = await alice.api.publish('for paper');
      await onEach([...alice.both, ...bob.both], async (device) => {
        await device.open(`/m/${id}`);
        await device.page.emulateMedia({ media: 'print' });
        await expect(device.inbox.message(id)).toContainText('for paper');
        await expect(useless(device.page).filter({ visible: true })).toHaveCount(0);
        await expect(device.page.getByRole('heading', { name: /^(Edit|Delete)$/ }).filter({ visible: true })).toHaveCount(0);
      });
    });
  });
}
