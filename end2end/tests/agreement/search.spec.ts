import type { Api } from '../../support/api.ts';
import { type Device, expect, onEach, type Someone, test, WAYS } from '../../support/someone.ts';

const DAY_MS = 86_400_000;

/** The day so many days from now, whatever zone it is told in. */
function day(from_today: number): string {
  return new Date(Date.now() + from_today * DAY_MS).toISOString().slice(0, 10);
}

const [BACKUP, CAFE, SECRET, MEETING, LATER, ANSWER] = [
  'Backups of db-1 failed: the DISK is full',
  'Disks are fine, café open, see https://example.org',
  'The disk of ops was replaced',
  '明天下午三點開會',
  '會後再談',
  'An answer of alice',
];

/** What is typed, what alice finds, and what bob finds. */
type Question = [string, string[], string[]];

const ABOUT_PEOPLE: Question[] = [
  ['from:alice', [ANSWER], [ANSWER]],
  ['from:me', [ANSWER], []],
  ['from:@eve disk', [SECRET, CAFE, BACKUP], [CAFE, BACKUP]],
  ['to:me', [MEETING], [LATER]],
  ['to:everyone', [ANSWER, CAFE, BACKUP], [ANSWER, CAFE, BACKUP]],
  ['in:#ops', [SECRET], []],
];

const ABOUT_THE_REST: Question[] = [
  ['is:unread', [SECRET, BACKUP], [ANSWER, LATER, CAFE, BACKUP]],
  ['is:read -from:me', [MEETING, CAFE], []],
  ['is:saved', [BACKUP], []],
  ['is:archived', [CAFE], []],
  ['has:link', [CAFE], [CAFE]],
  ['priority:>=7', [BACKUP], [BACKUP]],
  ['tag:backup', [BACKUP], [BACKUP]],
  [`after:${day(-2)} disk`, [SECRET, CAFE, BACKUP], [CAFE, BACKUP]],
  [`before:${day(-2)}`, [], []],
  [`before:${day(2)} -disk`, [ANSWER, MEETING], [ANSWER, LATER]],
];

/** By their beginning, whatever their case and accents, of one character and of two. */
const WORDS: Question[] = [
  ['ful', [BACKUP], [BACKUP]],
  ['ull', [], []],
  ['CAFE', [CAFE], [CAFE]],
  ['"disk is full"', [BACKUP], [BACKUP]],
  ['會', [MEETING], [LATER]],
  ['開會', [MEETING], []],
  ['會後', [], [LATER]],
  ['eve 三點', [MEETING], []],
];

/** What is marked in what is found. */
const MARKED: [string, string[]][] = [
  ['from:eve ful -ops', ['full']],
  ['backup', ['backup', 'Backup', 'Backups']],
  ['CAFE', ['café']],
  ['to:me 會', ['會', '會']],
  ['三點', ['三點']],
];

for (const { how, javaScriptEnabled } of WAYS) {
  test.describe(how, () => {
    test('filters by state, content and day find the same on both devices, and for the other person what is theirs', async ({ someone, program }) => {
      await asks(await begin(someone, program, javaScriptEnabled), ABOUT_THE_REST);
    });

    test('filters by people and topics do, too, and an address asks the same everywhere', async ({ someone, program }) => {
      const people = await begin(someone, program, javaScriptEnabled);
      await asks(people, ABOUT_PEOPLE);

      // The address of one device's answer is the same question on every other.
      const { alice, bob } = people;
      await alice.other.search('from:eve priority:<=9 disk');
      const address = alice.other.page.url();
      await onEach([...alice.both, ...bob.both], async (device) => {
        await device.open(address);
        await expect(device.history.search).toHaveValue('from:eve priority:<=9 disk');
        const filters = device.page.getByRole('link', { name: /^Remove the filter/ });
        await expect(filters).toHaveText(['from:eve', 'priority:<=9']);
        await finds(device, alice.both.includes(device) ? [SECRET, CAFE, BACKUP] : [CAFE, BACKUP]);
      });
    });

    test('words find the same on both devices and are marked there, and for the other person what is theirs', async ({ someone, program }) => {
      const people = await begin(someone, program, javaScriptEnabled);
      await asks(people, WORDS);
      for (const [words, marked] of MARKED) {
        await test.step(words, () =>
          Promise.all(
            people.alice.both.map(async (device) => {
              await device.search(words);
              await expect(device.history.results.locator('mark')).toHaveText(marked);
            }),
          ),
        );
      }
    });
  });
}

interface People {
  alice: Someone;
  bob: Someone;
}

/** Two people on their histories, to whom a third one wrote. */
async function begin(
  someone: (name: string, javaScriptEnabled?: boolean) => Promise<Someone>,
  program: (name: string) => Promise<Api>,
  javaScriptEnabled: boolean,
): Promise<People> {
  const alice = await someone('alice', javaScriptEnabled);
  const bob = await someone('bob');
  const eve = await program('eve');
  await eve.createPrivateTopic('ops', alice.api);
  const backup = await eve.publish({ title: 'Backup', message: BACKUP, priority: 9, tags: ['backup'] });
  const cafe = await eve.publish(CAFE);
  await eve.publish({ message: SECRET, to: '#ops' });
  const meeting = await eve.publish({ title: '週會', message: MEETING, to: '@alice' });
  await eve.publish({ message: LATER, to: '@bob' });
  await alice.api.publish(ANSWER);
  await alice.api.mark({ save: [backup.id], archive: [cafe.id], read: [meeting.id] });
  await Promise.all([...alice.both, ...bob.both].map((device) => device.open('/history')));
  return { alice, bob };
}

/** Asks on all devices and looks at what each finds. */
async function asks({ alice, bob }: People, questions: Question[]): Promise<void> {
  const ask = async (device: Device, words: string, texts: string[]): Promise<void> => {
    await device.search(words);
    await finds(device, texts);
  };
  for (const [words, hers, his] of questions) {
    await test.step(words, () =>
      Promise.all([
        ...alice.both.map((device) => ask(device, words, hers)),
        ...bob.both.map((device) => ask(device, words, his)),
      ]),
    );
  }
}

async function finds(device: Device, texts: string[]): Promise<void> {
  await device.lists(texts);
  await expect(device.history.nothingMatched).toHaveCount(texts.length ? 0 : 1);
}
