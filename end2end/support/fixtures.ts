import { type BrowserContext, type BrowserContextOptions, type Page, test as base } from '@playwright/test';

import { Api } from './api.ts';
import { ConsoleGuard } from './guard.ts';
import { Entrance, hydrated, Inbox } from './pages.ts';
import { Server } from './server.ts';

export { expect } from '@playwright/test';
export { SERVER_GONE } from './guard.ts';

const PASSWORD = 'correct horse battery staple';

/** Someone with an account and a browser. */
export class Person {
  private constructor(
    readonly name: string,
    readonly password: string,
    readonly api: Api,
    readonly inbox: Inbox,
    private readonly newBrowser: () => Promise<BrowserContext>,
  ) {}

  /** Creates the account with the form that people use, which leads to the inbox. */
  static async arrive(name: string, server: Server, newBrowser: () => Promise<BrowserContext>): Promise<Person> {
    const page = await (await newBrowser()).newPage();
    await page.goto('/register');
    await hydrated(page);
    await new Entrance(page).register(name, PASSWORD);
    await page.waitForURL('/');
    const inbox = new Inbox(page);
    await hydrated(page);
    await inbox.live();
    const api = await Api.login(server.url, name, PASSWORD);
    return new Person(name, PASSWORD, api, inbox, newBrowser);
  }

  get page(): Page {
    return this.inbox.page;
  }

  /** One more tab of the same browser, showing the inbox. */
  async tab(): Promise<Inbox> {
    const inbox = new Inbox(await this.page.context().newPage());
    await inbox.open();
    return inbox;
  }

  /** Another browser of the same person, signed in and showing the inbox. */
  async device(): Promise<Inbox> {
    const page = await (await this.newBrowser()).newPage();
    await page.goto('/login');
    await hydrated(page);
    await new Entrance(page).signIn(this.name, this.password);
    await page.waitForURL('/');
    await hydrated(page);
    const inbox = new Inbox(page);
    await inbox.live();
    return inbox;
  }
}

interface Fixtures {
  guard: ConsoleGuard;
  /** A server of this test's own. */
  server: Server;
  /** Names what the browser's console will say because the test provokes it; everything else fails the test. */
  expectConsole: (...lines: RegExp[]) => void;
  /** A browser of somebody who is not signed in. */
  newBrowser: (options?: BrowserContextOptions) => Promise<BrowserContext>;
  /** Somebody who has just created an account and looks at the inbox. */
  person: (name: string, options?: BrowserContextOptions) => Promise<Person>;
}

export const test = base.extend<Fixtures>({
  guard: async ({}, use) => {
    const guard = new ConsoleGuard();
    await use(guard);
    guard.check();
  },

  server: async ({}, use, testInfo) => {
    const server = await Server.start();
    await use(server);
    try {
      await server.remove();
    } finally {
      if (testInfo.status !== testInfo.expectedStatus) {
        await testInfo.attach('server.log', { body: server.log, contentType: 'text/plain' });
      }
    }
  },

  expectConsole: async ({ guard }, use) => {
    await use((...lines) => guard.expect(...lines));
  },

  baseURL: async ({ server }, use) => {
    await use(server.url);
  },

  context: async ({ context, guard, javaScriptEnabled }, use) => {
    guard.watch(context, { javaScriptEnabled });
    await use(context);
  },

  newBrowser: async ({ browser, baseURL, guard }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (options) => {
      const context = await browser.newContext({ ...(baseURL === undefined ? {} : { baseURL }), ...options });
      guard.watch(context, options);
      contexts.push(context);
      return context;
    });
    await Promise.all(contexts.map((context) => context.close()));
  },

  person: async ({ server, newBrowser }, use) => {
    await use((name, options) => Person.arrive(name, server, () => newBrowser(options)));
  },
});
