import type { Page } from '@playwright/test';

interface Hold {
  /** What happens to the next socket: it opens, it does not, or it begins where no log is. */
  next: 'opens' | 'fails' | 'is lost';
  open: Set<WebSocket>;
}

/** A page's connection to the log, which can be held up and made to lose its place. Must be laid before the page loads. */
export class Stream {
  private constructor(private readonly page: Page) {}

  static async lay(page: Page): Promise<Stream> {
    await page.addInitScript(() => {
      const hold: Hold = { next: 'opens', open: new Set() };
      const Socket = window.WebSocket;
      class Held extends Socket {
        constructor(address: string | URL) {
          if (hold.next === 'fails') throw new Error('the stream is held');
          super(hold.next === 'is lost' ? String(address).replace(/since=[^&]*/, 'since=gone') : address);
          hold.next = 'opens';
          hold.open.add(this);
        }
      }
      Object.assign(window, { WebSocket: Held, hold });
      // Chance decides how long a page waits: not at all.
      Math.random = () => 0;
    });
    return new Stream(page);
  }

  /** From here on the page hears nothing. */
  async hold(): Promise<void> {
    await this.page.evaluate(() => {
      const { hold } = window as unknown as { hold: Hold };
      hold.next = 'fails';
      for (const socket of hold.open) socket.close();
      hold.open.clear();
    });
  }

  /** From here on it hears again. */
  async release(): Promise<void> {
    await this.page.evaluate(() => {
      (window as unknown as { hold: Hold }).hold.next = 'opens';
    });
  }

  /** Connects again where the server does not know what the page has heard: it is told `reset`. */
  async resetNext(): Promise<void> {
    await this.page.evaluate(() => {
      (window as unknown as { hold: Hold }).hold.next = 'is lost';
    });
  }
}
