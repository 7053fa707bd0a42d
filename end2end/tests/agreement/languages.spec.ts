import { Row } from '../../support/pages.ts';
import { type Device, expect, test, WAYS } from '../../support/someone.ts';

const DAY_MS = 86_400_000;
/** Long enough that a day is told with its year. */
const LATER_MS = 400 * DAY_MS;

async function isEnglish({ page }: Device, unread: number): Promise<void> {
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(page).toHaveTitle(`(${unread}) Inbox · Push System`);
  const nav = page.getByRole('navigation', { name: 'Main' });
  await expect(nav.getByRole('link', { name: new RegExp(`^Inbox\\s*${unread} unread$`) })).toBeVisible();
}

async function isChinese({ page }: Device, unread: number): Promise<void> {
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-Hant');
  await expect(page).toHaveTitle(`(${unread}) 收件匣 · Push System`);
  const nav = page.getByRole('navigation', { name: '主選單' });
  await expect(nav.getByRole('link', { name: new RegExp(`^收件匣\\s*${unread} 則未讀$`) })).toBeVisible();
}

/** The button of a language, which is called by its own name whatever the page's language is. */
async function speak(device: Device, name: 'English' | '繁體中文'): Promise<void> {
  await device.open('/settings');
  await device.submits(() => device.page.getByRole('button', { name, exact: true }).click());
}

/** A day that is long ago, as both languages head it and as they tell it in a row. */
function longAgo(then: Date): { en: [string, string]; zh: [string, string] } {
  const part = (locale: string, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone: 'Asia/Taipei', ...options }).format(then);
  const [day, year] = [part('en', { day: 'numeric' }), part('en', { year: 'numeric' })];
  const zh = `${year}年${part('en', { month: 'numeric' })}月${day}日`;
  return {
    en: [
      `${part('en', { weekday: 'long' })}, ${day} ${part('en', { month: 'long' })} ${year}`,
      `${part('en', { month: 'short' })} ${day}, ${year}`,
    ],
    zh: [`${zh} ${part('zh-TW', { weekday: 'long' })}`, zh],
  };
}

/** How the row of a message and the day above it are told. */
type Words = [RegExp | string, RegExp | string];
// A minute may pass meanwhile, and midnight with it.
const ENGLISH: Words = [/^(Today|Yesterday)$/, /^(now|\d+ min ago)$/];
const CHINESE: Words = [/^(今天|昨天)$/, /^(剛剛|\d+ 分鐘前)$/];

async function tells({ page, inbox }: Device, id: number, [heading, time]: Words): Promise<void> {
  await expect(page.getByRole('main').getByRole('heading', { level: 2, name: heading, exact: true }).first()).toBeVisible();
  await expect(inbox.message(id).locator('.message-time')).toHaveText(time);
}

for (const { how, javaScriptEnabled } of WAYS) {
  test(`${how}, one account is in the language of each of its devices, with its plurals and dates`, async ({ someone, program }) => {
    const alice = await someone('alice', javaScriptEnabled);
    const bob = await someone('bob', false, { locale: 'zh-TW' });
    const eve = await program('eve');
    const topic = await eve.createPublicTopic('ops');
    // By a choice, which is a cookie, and by what the browser asks for.
    await speak(alice.other, '繁體中文');
    await alice.other.open();

    const { id, date } = await eve.publish('one');
    for (const { live, other } of [alice, bob]) {
      await isEnglish(live, 1);
      await tells(live, id, ENGLISH);
      await other.catchUp();
      await isChinese(other, 1);
      await tells(other, id, CHINESE);
    }

    await eve.publish('two');
    await alice.live.countsUnread(2);
    await alice.other.catchUp();
    await isChinese(alice.other, 2);
    const row = alice.other.inbox.message(id);
    await row.hover();
    await alice.other.does(() => row.getByRole('button', { name: '標示為已讀' }).click());
    if (javaScriptEnabled) await expect(alice.other.page.getByText('已將 1 則訊息標示為已讀')).toBeVisible();
    await isChinese(alice.other, 1);
    await isEnglish(alice.live, 1);
    await new Row(alice.live.inbox.message(id)).isRead();
    await alice.live.press(alice.live.inbox.message(id), 'markUnread');
    await alice.live.inbox.markAll.click();
    await expect(alice.live.page.getByText('2 messages marked as read')).toBeVisible();
    await expect.poll(() => alice.api.unread()).toBe(0);
    await alice.live.inbox.undo.click();
    await isEnglish(alice.live, 2);
    // A page shows what its person wants before it is stored.
    await expect.poll(() => alice.api.unread()).toBe(2);
    await alice.other.catchUp();
    await isChinese(alice.other, 2);

    // One and several, in words that only the server has.
    for (const [count, en, zh] of [[1, '1 member', '1 位成員'], [2, '2 members', '2 位成員']] as const) {
      for (const { live, other } of [alice, bob]) {
        for (const [device, words] of [[live, en], [other, zh]] as const) {
          await device.open(`/topics/${topic}`);
          await expect(device.page.getByRole('heading', { name: words, exact: true })).toBeVisible();
        }
      }
      if (count === 1) {
        // The page of a topic loads itself anew when somebody joins, over what is opened then.
        for (const device of [...alice.both, ...bob.both]) await device.open();
        await alice.api.ask('POST', `/topic/${topic}/join`);
      }
    }

    const told = longAgo(new Date(date));
    for (const [device, words] of [[alice.live, told.en], [alice.other, told.zh]] as const) {
      if (!device.script) continue;
      await device.page.clock.setFixedTime(Date.parse(date) + LATER_MS);
      await device.open();
      await tells(device, id, words);
    }

    // A choice is heard before what the browser asks for.
    await speak(bob.other, 'English');
    for (const device of bob.both) {
      await device.open();
      await isEnglish(device, 2);
    }
  });
}
