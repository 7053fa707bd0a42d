import { expect, test } from '../support/fixtures.ts';
import { Row } from '../support/pages.ts';

test('the first Tab offers to skip to the content', async ({ person }) => {
  const { inbox, page } = await person('alice');
  await inbox.open();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
});

test('j and k move through the list, e marks as read, r replies', async ({ person }) => {
  const alice = await person('alice');
  const { inbox, page } = await person('bob');
  await alice.api.publishAll(['one', 'two', 'three']);
  await inbox.showsUnread(3);
  await page.getByRole('main').focus();

  for (const [key, text] of [['j', 'three'], ['j', 'two'], ['j', 'one'], ['j', 'one'], ['k', 'two']] as const) {
    await page.keyboard.press(key);
    await expect(inbox.selectedRow).toHaveCount(1);
    await expect(inbox.selectedRow.locator('.message-text')).toContainText(text);
    await expect(inbox.selectedRow).toBeFocused();
  }
  await page.keyboard.press('e');
  await inbox.showsUnread(2);
  await new Row(inbox.row('two')).isRead();

  await page.keyboard.press('r');
  await expect(inbox.composer).toContainText('@alice');
  await inbox.text.fill('an answer');
  await page.keyboard.press('Control+Enter');
  await expect(alice.inbox.row('an answer')).toBeVisible();
  expect((await alice.api.messages())[0]).toMatchObject({ message: 'an answer', to: ['@alice'] });
});

test('c writes, / searches, and letters typed into a field are only letters', async ({ person }) => {
  const { inbox, page } = await person('alice');
  await page.getByRole('main').focus();
  await page.keyboard.press('c');
  await expect(inbox.text).toBeFocused();
  await page.keyboard.type('jke/?c');
  await expect(inbox.text).toHaveValue('jke/?c');

  await page.keyboard.press('Escape');
  await page.getByRole('main').focus();
  await page.keyboard.press('/');
  await expect(inbox.search).toBeFocused();
  await expect(inbox.search).toHaveValue('');
  await page.keyboard.type('words');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/history\?q=words/);
});

test('? shows the keys, and the focus goes back where it was', async ({ person }) => {
  const alice = await person('alice');
  const { inbox, page } = await person('bob');
  await alice.api.publish('one');
  await expect(inbox.row('one')).toBeVisible();
  await page.getByRole('main').focus();
  await page.keyboard.press('j');
  await expect(inbox.row('one')).toBeFocused();

  await page.keyboard.press('?');
  await expect(inbox.help).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(inbox.help).toBeHidden();
  await expect(inbox.row('one')).toBeFocused();
});

test('Ctrl and Enter send', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  await alice.inbox.text.fill('sent by keys');
  await alice.page.keyboard.press('Control+Enter');
  await expect(bob.inbox.row('sent by keys')).toHaveCount(1);
  await expect(alice.inbox.text).toHaveValue('');
});

test('people to send to are found and chosen by keys', async ({ person }) => {
  const alice = await person('alice');
  await person('jonas.lind');
  await alice.inbox.to.pressSequentially('jo');
  await expect(alice.page.getByRole('option', { name: /@jonas\.lind/ })).toBeVisible();
  await alice.page.keyboard.press('ArrowDown');
  await alice.page.keyboard.press('Enter');
  await expect(alice.inbox.composer.getByRole('button', { name: 'Remove @jonas.lind' })).toBeVisible();
  await alice.inbox.text.fill('hello');
  await alice.page.keyboard.press('Control+Enter');
  await expect(alice.inbox.row('hello')).toContainText('@jonas.lind');
});

test('new messages are announced, together and politely', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  await alice.api.publishAll(['one', 'two']);
  await expect(bob.inbox.announcer).toHaveText(/new messages?/);
});

test('an @ alone, and the arrow in the empty field, offer people', async ({ person }) => {
  const alice = await person('alice');
  await person('jonas.lind');
  const offered = alice.page.getByRole('listbox', { name: 'People' }).getByRole('option');
  await alice.inbox.to.focus();
  await expect(offered).toHaveCount(0);
  await alice.page.keyboard.press('ArrowDown');
  await expect(offered).toHaveText([/everyone/, /@alice/, /@jonas\.lind/]);
  await alice.page.keyboard.press('Escape');
  await expect(offered).toHaveCount(0);

  await alice.page.keyboard.type('@');
  await expect(offered).toHaveText([/everyone/, /@alice/, /@jonas\.lind/]);
  await alice.page.keyboard.press('Backspace');
  await expect(offered).toHaveCount(0);

  await alice.page.keyboard.type('@everyone ');
  await expect(alice.inbox.composer.getByRole('button', { name: 'Remove everyone' })).toBeVisible();
});

test('each field of the composer shows that it has the focus', async ({ person }) => {
  const { inbox, page } = await person('alice');
  await inbox.to.focus();
  for (const field of [inbox.to, inbox.title, inbox.text, inbox.priority, inbox.sendButton]) {
    await expect(field).toBeFocused();
    await expect(field).toHaveCSS('outline-style', 'solid');
    await page.keyboard.press('Tab');
  }
});

test('history is headed by what it shows, and tells how long ago', async ({ person }) => {
  const { api, inbox, page } = await person('alice');
  await api.publish('mine');
  await inbox.nav.getByRole('link', { name: 'History' }).click();
  for (const [filter, heading] of [['Sent', 'Sent'], ['Unread', 'Unread'], ['@me', '@me'], ['All', 'All messages']] as const) {
    await page.getByRole('main').getByRole('link', { name: filter, exact: true }).click();
    await expect(page.getByRole('heading', { level: 2, name: heading, exact: true })).toBeVisible();
  }
  await expect(page.getByRole('article').getByRole('time')).toHaveText(/^now$|min ago$/);
});
