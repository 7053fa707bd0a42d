import { expect, type Locator, type Page, test } from '@playwright/test';

import { History, hydrated, Inbox, Row } from './pages.ts';

/** What a button of a row does by one press. */
type Act = 'markRead' | 'markUnread' | 'save' | 'unsave' | 'archive' | 'unarchive';

/** One browser of a person who is signed in, with script or without. */
export class Device {
  readonly inbox: Inbox;
  readonly history: History;

  constructor(
    readonly name: string,
    readonly page: Page,
    readonly script: boolean,
  ) {
    this.inbox = new Inbox(page);
    this.history = new History(page);
  }

  /** Loads an address. */
  async open(address = '/'): Promise<void> {
    await this.page.goto(address);
    await this.ready();
  }

  /** Shows what is true by now: by itself with script, by asking for the page again without. */
  async catchUp(): Promise<void> {
    if (this.script) return;
    const address = new URL(this.page.url());
    address.hash = '';
    await this.page.goto(address.href);
  }

  /** Does what sends a plain form or follows a plain link, and waits for the page that it leads to. */
  async submits(act: () => Promise<unknown>): Promise<void> {
    await Promise.all([this.page.waitForEvent('load'), act()]);
    await this.ready();
  }

  /** Does what loads a page only where there is no script. */
  async does(act: () => Promise<unknown>): Promise<void> {
    await (this.script ? act() : this.submits(act));
  }

  /** Writes to these, or to everyone, on the page of the inbox. */
  async send(text: string, to: string[] = []): Promise<void> {
    if (this.script) return this.inbox.send(text, { to });
    await this.inbox.to.fill(to.join(', '));
    await this.submits(() => this.inbox.send(text));
  }

  /** Presses a button of a row. */
  async press(row: Locator, act: Act): Promise<void> {
    await row.hover();
    await this.does(() => new Row(row)[act].click());
  }

  /** Changes what a message says: in its row with script, on its own page without. */
  async edit(id: number, text: string): Promise<void> {
    const row = new Row(this.inbox.message(id));
    if (this.script) return row.editTo(text);
    await this.fromMenu(row, row.edit);
    const form = this.page.getByRole('region', { name: 'Edit' });
    await form.getByRole('textbox', { name: 'Message' }).fill(text);
    await this.submits(() => form.getByRole('button', { name: 'Save' }).click());
  }

  /** Takes a message back, likewise. */
  async delete(id: number): Promise<void> {
    const row = new Row(this.inbox.message(id));
    await this.fromMenu(row, row.delete);
    const form = this.script ? row.locator : this.page.getByRole('region', { name: 'Delete' });
    await this.does(() => form.getByRole('button', { name: 'Delete' }).click());
  }

  /** Picks rows and does something with all of them. */
  async pickAnd(rows: Locator[], what: string): Promise<void> {
    for (const row of rows) await new Row(row).pick.check();
    await this.does(() => this.inbox.picked.getByRole('button', { name: what }).click());
  }

  /** Searches with the form of the history, which is open. */
  async search(words: string): Promise<void> {
    await this.history.search.fill(words);
    await this.does(() => this.history.submit.click());
    await this.page.waitForURL((url) => url.pathname === '/history' && url.searchParams.get('q') === words);
  }

  /** The way to a topic that one is in. */
  topic(name: string): Locator {
    return this.inbox.nav.getByRole('link', { name: new RegExp(`^${name}( \\(private\\))?$`) });
  }

  /** The rows, from the newest to the oldest. */
  async lists(texts: string[]): Promise<void> {
    await expect.poll(() => this.inbox.texts()).toEqual(texts);
  }

  /** Both counts of the navigation, the title and the favicon say that so many are unread. */
  async countsUnread(count: number): Promise<void> {
    for (const name of ['Inbox', 'Unread']) {
      const counted = new RegExp(count ? `^${name}\\s*${count}\\s+unread$` : `^${name}$`);
      await expect(this.inbox.nav.getByRole('link', { name: counted })).toBeVisible();
    }
    await expect(this.page).toHaveTitle(count ? new RegExp(`^\\(${count}\\) `) : /^[^(]/);
    await expect(this.inbox.unreadIcon).toHaveCount(count ? 1 : 0);
  }

  /** Says so when the document is another one. */
  async mark(): Promise<() => Promise<void>> {
    await this.page.evaluate(() => document.documentElement.setAttribute('data-same', ''));
    return () => expect(this.page.locator('html[data-same]')).toBeAttached();
  }

  private async fromMenu(row: Row, what: Locator): Promise<void> {
    await row.locator.hover();
    await row.more.click();
    await this.does(() => what.click());
  }

  private async ready(): Promise<void> {
    if (!this.script) return;
    await hydrated(this.page);
    // Whatever its language calls that.
    await expect(this.inbox.connection).toHaveAttribute('data-state', 'live');
  }
}

/** Looks at each of them, one after the other. */
export async function onEach(devices: Device[], look: (device: Device) => Promise<void>): Promise<void> {
  for (const device of devices) {
    await test.step(device.name, async () => {
      await device.catchUp();
      await look(device);
    });
  }
}
