import { expect, test } from '../support/fixtures.ts';
import { Row } from '../support/pages.ts';

test('three tabs and another device agree on what is unread', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  const [first, second, third] = [bob.inbox, await bob.tab(), await bob.tab()];
  const everywhere = [first, second, third, await bob.device()];

  await alice.api.publishAll(['one', 'two', 'three']);
  for (const inbox of everywhere) await inbox.showsUnread(3);

  await new Row(first.row('two')).markRead.click();
  for (const inbox of everywhere) {
    await inbox.showsUnread(2);
    await new Row(inbox.row('two')).isRead();
    await new Row(inbox.row('three')).isUnread();
  }

  await second.markAll.click();
  for (const inbox of everywhere) await inbox.showsUnread(0);
  await expect(third.markAll).toHaveCount(0);

  await second.undo.click();
  for (const inbox of everywhere) {
    await inbox.showsUnread(2);
    await new Row(inbox.row('two')).isRead();
  }
});

test('what is unread is still unread after a reload, and what was read stays read', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  await alice.api.publishAll(['one', 'two']);
  await bob.inbox.showsUnread(2);
  await new Row(bob.inbox.row('one')).markRead.click();
  await bob.inbox.showsUnread(1);

  await bob.inbox.open();
  await bob.inbox.showsUnread(1);
  await new Row(bob.inbox.row('one')).isRead();
  await new Row(bob.inbox.row('two')).isUnread();
});

test('the favicon has a dot exactly while something is unread', async ({ person }) => {
  const alice = await person('alice');
  const bob = await person('bob');
  await expect(bob.inbox.unreadIcon).toHaveCount(0);
  await alice.api.publish('ding');
  await expect(bob.inbox.unreadIcon).not.toHaveCount(0);
  await bob.inbox.markAll.click();
  await expect(bob.inbox.unreadIcon).toHaveCount(0);
});

test('somebody new starts with nothing unread', async ({ person }) => {
  const alice = await person('alice');
  await alice.api.publishAll(['before', 'your', 'time']);
  const bob = await person('bob');
  await bob.inbox.showsUnread(0);
});
