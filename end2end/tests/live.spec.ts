import { expect, test } from '../support/fixtures.ts';
import { Row } from '../support/pages.ts';

// "Within a second" is the promise, so these expectations do not get the usual patience.
const AT_ONCE = { timeout: 1000 };

test('what one person sends, another sees within a second, and counter and title follow', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  await bob.inbox.showsUnread(0);

  await alice.inbox.send('The kettle is on', { title: 'Tea' });
  await expect(bob.inbox.row('The kettle is on')).toBeVisible(AT_ONCE);

  await bob.inbox.showsUnread(1);
  await new Row(bob.inbox.row('The kettle is on')).isUnread();
  await expect(bob.inbox.row('The kettle is on')).toContainText('alice');
  await expect(bob.inbox.row('The kettle is on').getByRole('heading', { name: 'Tea' })).toBeVisible();
});

test('the sender sees the row at once, once, and never as unread', async ({ person }) => {
  const alice = await person('alice');
  await alice.inbox.send('Mine');
  const row = alice.inbox.row('Mine');
  await expect(row).toHaveCount(1, AT_ONCE);
  await new Row(row).isSent();
  await expect(row).toHaveCount(1);
  await alice.inbox.showsUnread(0);
  await expect(alice.inbox.text).toHaveValue('');
});

test('a message from oneself shows on the other device too', async ({ person }) => {
  const alice = await person('alice');
  const phone = await alice.device();
  await alice.inbox.send('From the laptop');
  await expect(phone.row('From the laptop')).toBeVisible(AT_ONCE);
  await phone.showsUnread(0);
});

test('a message to one person reaches that person and nobody else', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const carol = await person('carol');

  await alice.inbox.send('Only for bob', { to: ['@bob'] });
  await expect(bob.inbox.row('Only for bob')).toBeVisible(AT_ONCE);
  // What comes later in the one order is there: what came before it would be as well.
  await alice.api.publish('For everyone');
  await expect(carol.inbox.row('For everyone')).toBeVisible();
  expect(await carol.inbox.texts()).toEqual(['For everyone']);
  expect((await carol.api.messages()).map(({ message }) => message)).toEqual(['For everyone']);
});

test('text of every script arrives byte for byte', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const texts = [
    '週五全員會議改到下午三點',
    '👩‍👩‍👧‍👦 🏳️‍🌈 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠮷野家',
    'שלום, הפגישה נדחתה למחר בבוקר.',
    'e\u0301 stays two characters, \u00e9 stays one',
    'first line\n  second, indented\n\nfourth',
    '<b>not bold</b> & <script>alert(1)</script>',
  ];
  for (const text of texts) {
    await alice.inbox.send(text);
    await expect(alice.inbox.text).toHaveValue('');
  }
  await expect.poll(() => bob.inbox.texts()).toEqual(texts.toReversed());
  expect((await bob.api.messages()).map(({ message }) => message)).toEqual(texts.toReversed());

  await bob.page.reload();
  await bob.inbox.open();
  expect(await bob.inbox.texts()).toEqual(texts.toReversed());
});

test('who is online is shown', async ({ person }) => {
  const alice = await person('alice');
  await person('bob');
  await expect(alice.inbox.online.getByRole('listitem').filter({ hasText: 'bob' })).toBeVisible();
});

test('the newest message is on top, in the order in which the server took them', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const texts = Array.from({ length: 12 }, (_, number) => `number ${number}`);
  await alice.api.publishAll(texts);
  await expect.poll(() => bob.inbox.texts()).toEqual(texts.toReversed());
});
