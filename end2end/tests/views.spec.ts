import { expect, test } from '../support/fixtures.ts';
import { hydrated, Inbox, Row } from '../support/pages.ts';

/** The texts of a view, as it is loaded anew. */
async function view(inbox: Inbox, filter: string): Promise<string[]> {
  await inbox.page.goto(`/?filter=${filter}`);
  await hydrated(inbox.page);
  return inbox.texts();
}

test('what is archived leaves the inbox of every device, and undo brings it back', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const phone = await bob.device();
  await alice.api.publishAll(['keep', 'put away']);
  await bob.inbox.showsUnread(2);

  await bob.inbox.row('put away').hover();
  await new Row(bob.inbox.row('put away')).archive.click();
  for (const inbox of [bob.inbox, phone]) {
    await expect(inbox.row('put away')).toHaveCount(0);
    await expect(inbox.row('keep')).toHaveCount(1);
    await inbox.showsUnread(1);
  }

  await bob.inbox.undo.click();
  for (const inbox of [bob.inbox, phone]) {
    await expect(inbox.row('put away')).toHaveCount(1);
    await inbox.showsUnread(2);
  }
});

test('saved, sent and archived messages have views of their own', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const phone = await bob.device();
  await alice.api.publishAll(['kept', 'put away', 'neither']);
  await bob.api.publish('mine');
  await expect(bob.inbox.row('mine')).toBeVisible();

  await bob.inbox.row('kept').hover();
  await new Row(bob.inbox.row('kept')).save.click();
  await bob.inbox.row('put away').hover();
  await new Row(bob.inbox.row('put away')).archive.click();
  await expect(phone.row('put away')).toHaveCount(0);

  expect(await view(phone, 'saved')).toEqual(['kept']);
  expect(await view(phone, 'archived')).toEqual(['put away']);
  expect(await view(phone, 'sent')).toEqual(['mine']);
  // A view follows what is done elsewhere.
  await phone.page.goto('/?filter=saved');
  await phone.live();
  await new Row(bob.inbox.row('kept')).unsave.click();
  await expect(phone.page.getByRole('heading', { name: 'Nothing saved yet' })).toBeVisible();
});

test('what another device marks shows in an open view, though it is not loaded there', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const old = await alice.api.publish('the first');
  await alice.api.publishAll(Array.from({ length: 60 }, (_, n) => `later ${n}`));
  const open = async (filter: string) => {
    const { page } = await bob.device();
    await page.goto(`/?filter=${filter}`);
    await hydrated(page);
    const inbox = new Inbox(page);
    await inbox.live();
    return inbox;
  };
  const [saved, archived] = [await open('saved'), await open('archived')];
  await bob.api.save(old.id);
  await expect(saved.row('the first')).toBeVisible();
  await bob.api.ask('POST', '/state', { archive: [[old.id, old.id]] });
  await expect(archived.row('the first')).toBeVisible();
});

test('what is picked is not picked any more where it is not shown', async ({ person }) => {
  const bob = await person('bob');
  const alice = await person('alice');
  await alice.api.publish('one');
  await new Row(bob.inbox.row('one')).pick.check();
  await expect(bob.inbox.picked).toContainText('1 selected');
  await bob.inbox.nav.getByRole('link', { name: /^Saved/ }).click();
  await expect(bob.inbox.rows).toHaveCount(0);
  await expect(bob.inbox.picked).toBeHidden();
});

test('several are picked with shift, and change as one that one undo takes back', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  await alice.api.publishAll(['one', 'two', 'three', 'four']);
  await bob.inbox.showsUnread(4);

  await new Row(bob.inbox.row('four')).pick.check();
  await new Row(bob.inbox.row('two')).pick.click({ modifiers: ['Shift'] });
  await expect(bob.inbox.picked).toContainText('3 selected');
  await bob.inbox.picked.getByRole('button', { name: 'Mark as read' }).click();
  await bob.inbox.showsUnread(1);
  await expect(bob.inbox.picked).toBeHidden();
  await bob.inbox.undo.click();
  await bob.inbox.showsUnread(4);

  await new Row(bob.inbox.row('one')).pick.check();
  await bob.inbox.picked.getByRole('button', { name: 'Select all shown' }).click();
  await expect(bob.inbox.picked).toContainText('4 selected');
  await bob.inbox.picked.getByRole('button', { name: 'Archive' }).click();
  await expect(bob.inbox.rows).toHaveCount(0);
  await bob.inbox.undo.click();
  await expect(bob.inbox.rows).toHaveCount(4);
});

test('a and s archive and save by key, and x picks', async ({ person }) => {
  const alice = await person('alice');
  const { inbox, page } = await person('bob');
  await alice.api.publishAll(['one', 'two']);
  await inbox.showsUnread(2);
  await page.getByRole('main').focus();
  await page.keyboard.press('j');
  await page.keyboard.press('s');
  await expect(inbox.row('two')).toHaveClass(/is-saved/);
  await page.keyboard.press('x');
  await expect(inbox.picked).toContainText('1 selected');
  await page.keyboard.press('x');
  await expect(inbox.picked).toBeHidden();
  await page.keyboard.press('a');
  await expect(inbox.row('two')).toHaveCount(0);
  await expect(inbox.selectedRow).toContainText('one');
});

test('an edited message says so on every screen, and a deleted one says no more', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const phone = await alice.device();
  await alice.inbox.send('with a mistak', { title: 'News' });
  await expect(bob.inbox.row('with a mistak')).toBeVisible();
  await expect(phone.row('with a mistak')).toBeVisible();

  const own = alice.inbox.row('with a mistak');
  await own.hover();
  await new Row(own).more.click();
  await new Row(own).edit.click();
  const form = alice.inbox.rows.first();
  await form.getByRole('textbox', { name: 'Message' }).fill('without a mistake');
  await form.getByRole('button', { name: 'Save' }).click();
  for (const inbox of [alice.inbox, bob.inbox, phone]) {
    await expect(inbox.row('without a mistake')).toContainText('edited');
    await expect(inbox.row('without a mistake')).toContainText('News');
  }
  await bob.inbox.rows.first().hover();
  await new Row(bob.inbox.rows.first()).more.click();
  await expect(bob.inbox.rows.first().getByRole('button', { name: 'Copy link' })).toBeVisible();
  await expect(new Row(bob.inbox.rows.first()).edit).toHaveCount(0);

  await bob.inbox.showsUnread(1);
  await alice.inbox.row('without a mistake').hover();
  await new Row(alice.inbox.row('without a mistake')).more.click();
  await new Row(alice.inbox.row('without a mistake')).delete.click();
  await alice.inbox.rows.first().getByRole('button', { name: 'Delete' }).click();
  for (const inbox of [alice.inbox, bob.inbox, phone]) {
    await expect(inbox.rows.first()).toContainText('deleted');
    await expect(inbox.rows.first()).not.toContainText('News');
    await expect(inbox.row('without a mistake')).toHaveCount(0);
  }
  await bob.inbox.showsUnread(0);
});

test('an edit that the server refuses is taken back, and what was typed is kept', async ({ person, expectConsole }) => {
  expectConsole(/status of 422/);
  const { inbox } = await person('alice');
  await inbox.send('as it was');
  const row = inbox.row('as it was');
  await new Row(row).isSent();
  await row.hover();
  await new Row(row).more.click();
  await new Row(row).edit.click();
  const text = inbox.rows.first().getByRole('textbox', { name: 'Message' });
  await text.fill('   ');
  await inbox.rows.first().getByRole('button', { name: 'Save' }).click();
  await expect(inbox.rows.first().getByRole('alert')).toBeVisible();
  await expect(text).toHaveValue('   ');
  await inbox.rows.first().getByRole('button', { name: 'Cancel' }).click();
  await expect(inbox.row('as it was')).toBeVisible();
});

test('the commands lead to views, people and actions, and give the focus back', async ({ person }) => {
  const { inbox, page } = await person('alice');
  await person('jonas.lind');
  await inbox.text.focus();
  await page.keyboard.press('Control+k');
  await expect(inbox.command).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(inbox.commands).toBeHidden();
  await expect(inbox.text).toBeFocused();

  await page.keyboard.press('Control+k');
  await inbox.command.fill('arch');
  await page.keyboard.press('Enter');
  await page.waitForURL('/?filter=archived');
  await expect(page).toHaveTitle(/Archived/);

  await page.keyboard.press('Control+k');
  await inbox.command.fill('jonas');
  await expect(inbox.commands.getByRole('option', { name: /@jonas\.lind/ })).toBeVisible();
  await inbox.commands.getByRole('option', { name: /@jonas\.lind/ }).click();
  await page.waitForURL(/\/history\?q=from/);

  await page.keyboard.press('Control+k');
  await inbox.command.fill('dark');
  await page.keyboard.press('Enter');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('u jumps to the first unread message', async ({ person }) => {
  const alice = await person('alice');
  const { inbox, page } = await person('bob');
  await alice.api.publishAll(Array.from({ length: 30 }, (_, n) => `line ${n}`));
  await inbox.showsUnread(30);
  await page.getByRole('main').focus();
  await page.keyboard.press('u');
  await expect(inbox.row('line 0')).toBeFocused();
  await expect(inbox.row('line 0')).toBeInViewport();
});

test('the chosen density is in the page that the server sends', async ({ person }) => {
  const { page } = await person('alice');
  await page.goto('/settings');
  await hydrated(page);
  await page.getByRole('radio', { name: 'Compact' }).check({ force: true });
  await expect(page.locator('html')).toHaveAttribute('data-density', 'compact');
  await expect.poll(async () => (await page.request.get('/')).text()).toMatch(/<html[^>]*data-density="compact"/);
});

test.describe('without script', () => {
  test('messages are saved, archived and picked by forms', async ({ person, newBrowser }) => {
    const alice = await person('alice');
    const bob = await person('bob');
    await alice.api.publishAll(['one', 'two', 'three']);
    const context = await newBrowser({ javaScriptEnabled: false });
    await context.addCookies(await bob.page.context().cookies());
    const page = await context.newPage();
    const inbox = new Inbox(page);
    await page.goto('/');
    await inbox.row('one').hover();
    await new Row(inbox.row('one')).save.click();
    await page.waitForURL('/');
    await expect(inbox.row('one')).toHaveClass(/is-saved/);
    await new Row(inbox.row('two')).pick.check();
    await new Row(inbox.row('three')).pick.check();
    await inbox.picked.getByRole('button', { name: 'Archive' }).click();
    await page.waitForURL('/');
    await expect(inbox.rows).toHaveCount(1);
    await page.goto('/?filter=archived');
    await expect(inbox.rows).toHaveCount(2);
    await expect(bob.inbox.rows).toHaveCount(1);
  });
});
