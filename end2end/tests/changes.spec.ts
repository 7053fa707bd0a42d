import type { Page } from '@playwright/test';

import type { Api } from '../support/api.ts';
import { expect, type Person, test } from '../support/fixtures.ts';
import { History, hydrated, Inbox, Row } from '../support/pages.ts';
import { Stream } from '../support/stream.ts';

/** More than the newest page holds. */
const MORE_THAN_A_PAGE = Array.from({ length: 55 }, (_, n) => `line ${n}`);

/** Something one waits for until another lets it happen. */
function gate(): { passed: Promise<void>; open: () => void } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

/** Keeps the answer to a `GET /message`, as it is now, until it is let go. */
async function holdMessages(page: Page, api: Api): Promise<{ asked: Promise<void>; release: () => void }> {
  const [asked, released] = [gate(), gate()];
  await page.route(/\/message\?/, async (route) => {
    const { pathname, search } = new URL(route.request().url());
    const json = await api.ask('GET', pathname + search);
    asked.open();
    await released.passed;
    await route.fulfill({ json });
  });
  return { asked: asked.passed, release: released.open };
}

/** Everything that was told before has been heard when this is seen. */
async function hears(reader: Person, writer: Person, text: string): Promise<void> {
  await writer.api.publish(text);
  await expect(reader.inbox.row(text)).toBeVisible();
}

/** Says so when the document is another one. */
async function mark(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => document.documentElement.setAttribute('data-same', ''));
  return () => expect(page.locator('html[data-same]')).toBeAttached();
}

test.describe('an edit whose answer comes late', () => {
  test('does not bring back what was deleted meanwhile', async ({ person }) => {
    const admin = await person('alice');
    const bob = await person('bob');
    const { id } = await bob.api.publish('as it was');
    const row = new Row(bob.inbox.message(id));
    const [stored, released] = [gate(), gate()];
    await bob.page.route(`**/message/${id}`, async (route) => {
      const json = await bob.api.edit(id, 'as it is');
      stored.open();
      await released.passed;
      await route.fulfill({ json });
    });
    await row.editTo('as it is');
    await stored.passed;
    await admin.api.delete(id);
    await row.isDeleted('as it');
    const answer = bob.page.waitForResponse(`**/message/${id}`);
    released.open();
    await (await answer).finished();
    await hears(bob, admin, 'later');
    await row.isDeleted('as it');
  });

  test('and is a refusal leaves the deletion that caused it', async ({ person, expectConsole }) => {
    expectConsole(/status of 404/);
    const admin = await person('alice');
    const bob = await person('bob');
    const { id } = await bob.api.publish('as it was');
    const row = new Row(bob.inbox.message(id));
    const released = gate();
    await bob.page.route(`**/message/${id}`, async (route) => {
      await released.passed;
      await route.continue();
    });
    await row.editTo('as it is');
    await expect(row.locator).toContainText('as it is');
    await admin.api.delete(id);
    await row.isDeleted('as it');
    const answer = bob.page.waitForResponse(`**/message/${id}`);
    released.open();
    expect((await answer).status()).toBe(404);
    await (await answer).finished();
    await hears(bob, admin, 'later');
    await row.isDeleted('as it');
  });

  test('and is lost after it was stored stays as the log told it', async ({ person, expectConsole }) => {
    expectConsole(/net::ERR_FAILED/);
    const alice = await person('alice');
    const bob = await person('bob');
    const { id } = await bob.api.publish('as it was');
    const row = new Row(bob.inbox.message(id));
    const [stored, released] = [gate(), gate()];
    await bob.page.route(`**/message/${id}`, async (route) => {
      await bob.api.edit(id, 'as it is');
      stored.open();
      await released.passed;
      await route.abort();
    });
    await row.editTo('as it is');
    await stored.passed;
    await hears(bob, alice, 'later');
    const failed = bob.page.waitForEvent('requestfailed');
    released.open();
    await failed;
    await hears(bob, alice, 'latest');
    await expect(row.locator).toContainText('as it is');
    await expect(row.editField).toHaveCount(0);
  });
});

test('what was edited and deleted during a reset shows in the inbox without a reload', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const stays = await alice.api.publish('stays');
  const edited = await alice.api.publish('with a mistake');
  const deleted = await alice.api.publish('a secret');
  const stream = await Stream.lay(bob.page);
  await bob.inbox.open();
  const isSame = await mark(bob.page);
  await stream.hold();
  await bob.inbox.lost();
  await alice.api.edit(edited.id, 'without one');
  await alice.api.delete(deleted.id);
  await stream.resetNext();
  await bob.inbox.live();
  await expect(bob.inbox.message(edited.id)).toContainText('without one');
  await expect(bob.inbox.message(edited.id)).not.toContainText('with a mistake');
  await new Row(bob.inbox.message(deleted.id)).isDeleted('a secret');
  await expect(bob.inbox.message(stays.id)).toContainText('stays');
  await isSame();
});

for (const address of ['/?filter=saved', '/history?filter=saved']) {
  test(`what was edited and deleted during a reset shows in ${address}, which is older than a page`, async ({ person }) => {
    const alice = await person('alice');
    const bob = await person('bob');
    const edited = await alice.api.publish('with a mistake');
    const deleted = await alice.api.publish('a secret');
    await bob.api.save(edited.id, deleted.id);
    await alice.api.publishAll(MORE_THAN_A_PAGE);
    const stream = await Stream.lay(bob.page);
    await bob.page.goto(address);
    await hydrated(bob.page);
    await bob.inbox.live();
    await expect(bob.inbox.message(deleted.id)).toContainText('a secret');
    const isSame = await mark(bob.page);
    await stream.hold();
    await bob.inbox.lost();
    await alice.api.edit(edited.id, 'without one');
    await alice.api.delete(deleted.id);
    await stream.resetNext();
    await expect(bob.inbox.message(edited.id)).toContainText('without one');
    await new Row(bob.inbox.message(deleted.id)).isDeleted('a secret');
    await isSame();
  });
}

test('who is removed from a private topic sees nothing of it any more, in no view', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const topic = await alice.api.createPrivateTopic('secret', bob.api);
  const inside = await alice.api.publish({ message: 'inside', to: '#secret' });
  const outside = await alice.api.publish('outside');
  await bob.api.save(inside.id, outside.id);
  const phone = await bob.device();
  for (const [page, address] of [[bob.page, '/?filter=saved'], [phone.page, '/history']] as const) {
    await page.goto(address);
    await hydrated(page);
    await new Inbox(page).live();
  }
  const lists = [bob.inbox, new History(phone.page)];
  for (const list of lists) await expect(list.message(inside.id)).toContainText('inside');
  await alice.api.removeFromTopic(topic, bob.api);
  for (const list of lists) {
    await expect(list.message(inside.id)).toHaveCount(0);
    await expect(list.message(outside.id)).toContainText('outside');
  }
});

test('a page of older messages that was on its way brings nothing of a private topic that was left', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const topic = await alice.api.createPrivateTopic('secret', bob.api);
  const outside = await alice.api.publish('outside');
  const inside = await alice.api.publish({ message: 'inside', to: '#secret' });
  await alice.api.publishAll(MORE_THAN_A_PAGE);
  await bob.inbox.open();
  const link = bob.inbox.nav.getByRole('link', { name: 'secret' });
  await expect(link).toBeVisible();
  const older = await holdMessages(bob.page, bob.api);
  await bob.inbox.older.scrollIntoViewIfNeeded();
  await older.asked;
  await alice.api.removeFromTopic(topic, bob.api);
  await expect(link).toHaveCount(0);
  older.release();
  await expect(bob.inbox.message(outside.id)).toContainText('outside');
  await expect(bob.inbox.message(inside.id)).toHaveCount(0);
});

test('the answer of a view that was on its way does not show what was changed meanwhile', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const edited = await alice.api.publish('with a mistake');
  const deleted = await alice.api.publish('a secret');
  await bob.api.save(edited.id, deleted.id);
  await alice.api.publishAll(MORE_THAN_A_PAGE);
  await bob.inbox.open();
  const saved = await holdMessages(bob.page, bob.api);
  await bob.inbox.nav.getByRole('link', { name: 'Saved' }).click();
  await bob.page.waitForURL('/?filter=saved');
  await saved.asked;
  await alice.api.edit(edited.id, 'without one');
  await alice.api.delete(deleted.id);
  await alice.api.publishAll(['later', 'latest']);
  // All but the deleted one, and the two that came last: by now the page has heard of everything.
  const unread = MORE_THAN_A_PAGE.length + 3;
  await expect(bob.inbox.nav.getByRole('link', { name: new RegExp(`^Inbox\\s*${unread} unread$`) })).toBeVisible();
  saved.release();
  await expect(bob.inbox.message(edited.id)).toContainText('without one');
  await new Row(bob.inbox.message(deleted.id)).isDeleted('a secret');
});

test('what is being typed and what is picked survive an edit from another device', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const picked = await bob.api.publish('picked');
  const { id } = await bob.api.publish('as it was');
  const [row, other] = [new Row(bob.inbox.message(id)), new Row(bob.inbox.message(picked.id))];
  await other.pick.check();
  await row.startEdit();
  await row.editField.fill('being typed');
  await bob.api.edit(picked.id, 'picked, from elsewhere');
  await bob.api.edit(id, 'from elsewhere');
  await expect(row.locator).toContainText('from elsewhere');
  await expect(row.editField).toBeFocused();
  await expect(row.editField).toHaveValue('being typed');
  await expect(other.locator).toContainText('picked, from elsewhere');
  await expect(other.pick).toBeChecked();
  await expect(bob.inbox.picked).toContainText('1 selected');

  await row.save.click();
  await expect(row.editField).toHaveCount(0);
  await expect(bob.inbox.row('being typed')).toBeVisible();
  await row.startEdit();
  await alice.api.delete(id);
  await row.isDeleted('being typed');
});

test('found words stay marked when the message is edited', async ({ person }) => {
  const { api, page, inbox } = await person('alice');
  const { id } = await api.publish('the disk is full');
  await page.goto('/history?q=disk');
  await hydrated(page);
  await inbox.live();
  await api.edit(id, 'the disk was full');
  await expect(inbox.message(id)).toContainText('was full');
  await expect(inbox.message(id).locator('mark')).toHaveText('disk');
});
