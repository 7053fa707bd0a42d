import type { BrowserContextOptions } from '@playwright/test';

import { Api } from './api.ts';
import { Device } from './device.ts';
import { test as base } from './fixtures.ts';

export { Device, onEach } from './device.ts';
export { expect, SERVER_GONE } from './fixtures.ts';

const PASSWORD = 'correct horse battery staple';

/** How a person may do something. */
export const WAYS = [
  { how: 'with script', javaScriptEnabled: true },
  { how: 'without script', javaScriptEnabled: false },
];

/** A person with two devices. */
export interface Someone {
  api: Api;
  /** The one that is live. */
  live: Device;
  /** The other one: where somebody only looks on it has no script. */
  other: Device;
  both: [Device, Device];
}

interface Fixtures {
  /** Who made the first account, and with it is the admin: nobody of the test is. */
  admin: Api;
  /** Makes an account and opens the inbox on both of its devices. `options` are those of the other one. */
  someone: (name: string, javaScriptEnabled?: boolean, options?: BrowserContextOptions) => Promise<Someone>;
  /** Makes an account that only programs use. */
  program: (name: string) => Promise<Api>;
}

export const test = base.extend<Fixtures>({
  admin: async ({ server }, use) => {
    await use(await Api.register(server.url, 'root', PASSWORD));
  },

  program: async ({ admin, server }, use) => {
    void admin;
    await use((name) => Api.register(server.url, name, PASSWORD));
  },

  someone: async ({ program, newBrowser }, use) => {
    const device = async (name: string, which: string, options: BrowserContextOptions): Promise<Device> => {
      const context = await newBrowser(options);
      // Each device has a login of its own.
      const login = await context.request.post('/auth/login', { data: { username: name, password: PASSWORD } });
      if (!login.ok()) throw new Error(`${name} was not let in: ${await login.text()}`);
      const opened = new Device(`${name}, ${which}`, await context.newPage(), options.javaScriptEnabled ?? true);
      await opened.open();
      return opened;
    };
    await use(async (name, javaScriptEnabled = false, options = {}) => {
      const api = await program(name);
      const which = javaScriptEnabled ? 'the other with script' : 'without script';
      const [live, other] = await Promise.all([
        device(name, 'live', {}),
        device(name, which, { javaScriptEnabled, ...options }),
      ]);
      return { api, live, other, both: [live, other] };
    });
  },
});
