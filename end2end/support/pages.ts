import { expect, type Locator, type Page } from '@playwright/test';

// The words and roles by which people find things. What the pages look like is known here and nowhere else.

/** The script has taken the page over. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
}

/** Sign in and create an account. */
export class Entrance {
  readonly heading: Locator;
  readonly username: Locator;
  readonly password: Locator;
  readonly error: Locator;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { level: 1 });
    this.username = page.getByRole('textbox', { name: 'Username' });
    this.password = page.getByRole('textbox', { name: 'Password', exact: true });
    this.error = page.getByRole('alert');
  }

  async register(username: string, password: string): Promise<void> {
    await this.username.fill(username);
    await this.password.fill(password);
    await this.page.getByRole('button', { name: 'Create account' }).click();
  }

  async signIn(username: string, password: string): Promise<void> {
    await this.username.fill(username);
    await this.password.fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }
}

/** What the inbox, the history and the settings have in common. */
class Shell {
  readonly nav: Locator;
  readonly connection: Locator;
  readonly retryNow: Locator;
  readonly signOut: Locator;
  readonly help: Locator;
  readonly announcer: Locator;

  constructor(readonly page: Page) {
    this.nav = page.getByRole('navigation', { name: 'Main' });
    this.connection = page.locator('p.connection');
    this.retryNow = page.getByRole('button', { name: 'Retry now' });
    this.signOut = page.getByRole('button', { name: 'Sign out', exact: true });
    this.help = page.getByRole('dialog', { name: 'Keyboard' });
    this.announcer = page.locator('#announcer');
  }

  /** The row of a message, whatever it says. */
  message(id: number): Locator {
    return this.page.locator(`#m${id}`);
  }
}

export class Inbox extends Shell {
  readonly composer: Locator;
  readonly to: Locator;
  readonly title: Locator;
  readonly text: Locator;
  readonly priority: Locator;
  readonly sendButton: Locator;
  readonly draftState: Locator;
  readonly composerError: Locator;
  readonly search: Locator;
  readonly feed: Locator;
  readonly rows: Locator;
  readonly selectedRow: Locator;
  readonly newPill: Locator;
  readonly markAll: Locator;
  readonly markShown: Locator;
  readonly jump: Locator;
  readonly undo: Locator;
  readonly older: Locator;
  readonly beginning: Locator;
  readonly online: Locator;
  readonly picked: Locator;
  readonly commands: Locator;
  readonly command: Locator;

  constructor(page: Page) {
    super(page);
    this.picked = page.getByRole('group', { name: 'Selected messages' });
    this.commands = page.getByRole('dialog', { name: 'Commands' });
    this.command = this.commands.getByRole('combobox', { name: 'Commands' });
    this.composer = page.getByRole('form', { name: 'New message' });
    this.to = this.composer.getByRole('combobox', { name: 'To', exact: true });
    this.title = this.composer.getByRole('textbox', { name: 'Title (optional)' });
    this.text = this.composer.getByRole('textbox', { name: 'Message', exact: true });
    this.priority = this.composer.getByRole('combobox', { name: 'Priority' });
    this.sendButton = this.composer.getByRole('button', { name: 'Send', exact: true });
    this.draftState = this.composer.locator('.composer-state');
    this.composerError = this.composer.getByRole('alert');
    this.search = page.getByRole('searchbox', { name: 'Search messages' });
    this.feed = page.getByRole('region', { name: 'Messages' });
    this.rows = this.feed.getByRole('article');
    this.selectedRow = this.feed.locator('article.is-selected');
    this.newPill = this.feed.getByRole('button', { name: /new messages?$/ });
    this.markAll = this.feed.getByRole('button', { name: 'Mark all as read' });
    this.markShown = this.feed.getByRole('button', { name: /^Mark (this one|these \d+) as read$/ });
    this.jump = this.feed.getByRole('link', { name: 'Jump to first unread' });
    this.undo = page.getByRole('button', { name: 'Undo' });
    this.older = this.feed.getByRole('link', { name: 'Load older messages' });
    this.beginning = this.feed.getByText('This is the beginning.');
    this.online = page.getByRole('region', { name: /^Online now/ });
  }

  async open(): Promise<void> {
    await this.page.goto('/');
    await hydrated(this.page);
    await this.live();
  }

  async live(): Promise<void> {
    await expect(this.connection).toHaveText('Live');
  }

  /** The page has noticed that nothing comes any more. */
  async lost(): Promise<void> {
    await expect(this.connection).toHaveAttribute('data-state', 'reconnecting');
  }

  /** The row that shows `text` and nothing else as its text. */
  row(text: string): Locator {
    return this.rows.filter({ has: this.page.locator('.message-text', { hasText: exactly(text) }) });
  }

  /** Fills in the composer and sends. Without `to` the message goes to everyone. */
  async send(text: string, { to, title }: { to?: string[]; title?: string } = {}): Promise<void> {
    for (const recipient of to ?? []) {
      await this.to.fill(recipient);
      await this.to.press('Enter');
    }
    if (title !== undefined) await this.title.fill(title);
    await this.text.fill(text);
    await this.sendButton.click();
  }

  async showsUnread(count: number): Promise<void> {
    const inbox = this.nav.getByRole('link', { name: count ? new RegExp(`^Inbox\\s*${count} unread$`) : /^Inbox$/ });
    await expect(inbox).toBeVisible();
    await expect(this.page).toHaveTitle(count ? `(${count}) Inbox · Push System` : 'Inbox · Push System');
  }

  /** The favicon with the dot. */
  get unreadIcon(): Locator {
    return this.page.locator('link[rel~="icon"][href*="unread"]');
  }

  /** The texts of all rows from the newest to the oldest, byte for byte, without the words for those who listen. */
  async texts(): Promise<string[]> {
    return this.rows.locator('.message-text').evaluateAll((texts) =>
      texts.map((text) => {
        const copy = text.cloneNode(true) as Element;
        for (const spoken of copy.querySelectorAll('.visually-hidden')) spoken.remove();
        return copy.textContent ?? '';
      }),
    );
  }
}

/** What can be done with one message. */
export class Row {
  readonly markUnread: Locator;
  readonly save: Locator;
  readonly unsave: Locator;
  readonly archive: Locator;
  readonly unarchive: Locator;
  readonly edit: Locator;
  readonly delete: Locator;
  readonly pick: Locator;
  readonly more: Locator;
  readonly markRead: Locator;
  readonly reply: Locator;
  readonly retry: Locator;
  readonly discard: Locator;
  readonly editField: Locator;

  constructor(readonly locator: Locator) {
    this.editField = locator.getByRole('textbox', { name: 'Message' });
    this.markRead = locator.getByRole('button', { name: 'Mark as read' });
    this.markUnread = locator.getByRole('button', { name: 'Mark as unread' });
    this.save = locator.getByRole('button', { name: 'Save', exact: true });
    this.unsave = locator.getByRole('button', { name: 'Remove from saved' });
    this.archive = locator.getByRole('button', { name: 'Archive' });
    this.unarchive = locator.getByRole('button', { name: 'Move to inbox' });
    this.more = locator.locator('summary').and(locator.page().getByLabel('More'));
    this.edit = locator.getByRole('link', { name: 'Edit' });
    this.delete = locator.getByRole('link', { name: 'Delete' });
    this.pick = locator.getByRole('checkbox', { name: 'Select' });
    this.reply = locator.getByRole('link', { name: /^Reply to/ });
    this.retry = locator.getByRole('button', { name: 'Retry' });
    this.discard = locator.getByRole('button', { name: 'Discard' });
  }

  /** Opens the fields in which it is changed. */
  async startEdit(): Promise<void> {
    await this.locator.hover();
    await this.more.click();
    await this.edit.click();
    await expect(this.editField).toBeFocused();
  }

  /** Changes what it says. */
  async editTo(text: string): Promise<void> {
    await this.startEdit();
    await this.editField.fill(text);
    await this.save.click();
  }

  /** Nothing is left of what it said. */
  async isDeleted(said: string): Promise<void> {
    await expect(this.locator).toContainText('deleted');
    await expect(this.locator).not.toContainText(said);
    await expect(this.editField).toHaveCount(0);
  }

  async isUnread(): Promise<void> {
    await expect(this.locator).toContainText('Unread.', { useInnerText: true });
  }

  async isRead(): Promise<void> {
    await expect(this.locator).not.toContainText('Unread.', { useInnerText: true });
  }

  async isSent(): Promise<void> {
    await expect(this.locator).not.toHaveClass(/is-pending|is-failed/);
  }

  async hasFailed(): Promise<void> {
    await expect(this.locator).toHaveClass(/is-failed/);
    await expect(this.locator).toContainText('Not sent');
  }
}

export class History extends Shell {
  readonly search: Locator;
  readonly submit: Locator;
  readonly results: Locator;
  readonly nothingMatched: Locator;

  constructor(page: Page) {
    super(page);
    const form = page.getByRole('main').getByRole('search');
    this.search = form.getByRole('searchbox', { name: 'Search messages' });
    this.submit = form.getByRole('button', { name: 'Search' });
    this.results = page.getByRole('main').getByRole('article');
    this.nothingMatched = page.getByRole('heading', { name: /^Nothing matched/ });
  }
}

export class Settings extends Shell {
  readonly signOutHere: Locator;
  readonly signOutEverywhere: Locator;

  constructor(page: Page) {
    super(page);
    this.signOutHere = page.getByRole('button', { name: 'Sign out here' });
    this.signOutEverywhere = page.getByRole('button', { name: 'Sign out everywhere' });
  }

  theme(name: 'System' | 'Light' | 'Dark'): Locator {
    return this.page.getByRole('radio', { name });
  }
}

/** Where one is signed in. */
export class Sessions {
  readonly rows: Locator;
  readonly done: Locator;
  readonly others: Locator;

  constructor(readonly page: Page) {
    const main = page.getByRole('main');
    this.rows = main.getByRole('listitem');
    this.done = main.getByRole('status');
    this.others = main.getByRole('region', { name: 'Sign out all other devices' });
  }

  async open(): Promise<void> {
    await this.page.goto('/settings/sessions');
    await expect(this.page.getByRole('heading', { level: 1 })).toHaveText('Where you are signed in');
  }

  /** The one that shows the page. */
  get here(): Locator {
    return this.rows.filter({ hasText: 'this device' });
  }

  get elsewhere(): Locator {
    return this.rows.filter({ hasNotText: 'this device' });
  }

  /** What opens the form of one other session, and closes it again. */
  opener(row: Locator): Locator {
    return row.locator('summary');
  }

  /** Sends the form of one other session, which is open. */
  async signOut(row: Locator, password: string): Promise<void> {
    await row.getByLabel('Your password').fill(password);
    await row.getByRole('button', { name: /^Sign out / }).click();
  }

  async signOutOthers(password: string): Promise<void> {
    await this.others.getByLabel('Your password').fill(password);
    await this.others.getByRole('button', { name: 'Sign out all other devices' }).click();
  }

  async signOutEverywhere(password: string): Promise<void> {
    await this.others.getByLabel('Your password').fill(password);
    await this.others.getByRole('button', { name: 'Sign out everywhere' }).click();
  }
}

/** What only admins see. */
export class Admin {
  readonly nav: Locator;
  readonly heading: Locator;
  readonly done: Locator;
  readonly refused: Locator;
  readonly rows: Locator;
  readonly search: Locator;

  constructor(readonly page: Page) {
    const main = page.getByRole('main');
    this.nav = page.getByRole('navigation', { name: 'Main' });
    this.heading = page.getByRole('heading', { level: 1 });
    this.done = main.getByRole('status');
    this.refused = main.getByRole('alert');
    this.rows = main.getByRole('table').locator('tbody').getByRole('row');
    this.search = main.getByRole('searchbox', { name: 'Find people' });
  }

  /** The page of one person, by way of the list. */
  async person(name: string): Promise<void> {
    await this.page.goto('/admin');
    await this.rows.getByRole('link', { name }).click();
    await expect(this.heading).toHaveText(name);
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole('main').getByRole('button', { name, exact: true }).click();
  }

  /** What is said of a person: `Role`, `Account`, … */
  fact(name: string): Locator {
    const term = this.page.locator('dt', { hasText: new RegExp(`^${name}$`) });
    return this.page.getByRole('main').locator('dl').first().locator('div').filter({ has: term }).locator('dd');
  }

  /** What is shown once. */
  secret(label: RegExp | string): Locator {
    return this.page.getByRole('main').getByRole('textbox', { name: label });
  }
}

/** The whole text, apart from the words for those who listen and from how white space is laid out. */
function exactly(text: string): RegExp {
  const words = text.trim().split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^(Unread\\. )?${words.join('\\s+')}$`, 'u');
}
