import { type BrowserContext, type BrowserContextOptions, expect } from '@playwright/test';

/** What Chromium says of a server that is gone or comes back, whichever request notices. */
export const SERVER_GONE =
  /WebSocket connection to .* failed|net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|CONNECTION_CLOSED|EMPTY_RESPONSE|INTERNET_DISCONNECTED|NETWORK_CHANGED)/;

/** A page without script has no use for the program that it could have loaded. */
const NOT_LOADED = /was preloaded using link preload but not used/;

/** Listens to every page of every context: an error, a warning or a crash that the test did not announce fails it. */
export class ConsoleGuard {
  private readonly heard: string[] = [];
  private readonly announced: RegExp[] = [];

  watch(context: BrowserContext, { javaScriptEnabled = true }: BrowserContextOptions = {}): void {
    context.on('console', (message) => {
      if (!['error', 'warning', 'assert'].includes(message.type())) return;
      if (!javaScriptEnabled && NOT_LOADED.test(message.text())) return;
      this.heard.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (failure) => {
      const uncaught = failure.error();
      this.heard.push(`uncaught: ${uncaught.stack ?? uncaught.message}`);
    });
    context.on('page', (page) => page.on('crash', () => this.heard.push(`the page crashed: ${page.url()}`)));
  }

  expect(...lines: RegExp[]): void {
    this.announced.push(...lines);
  }

  check(): void {
    const surprises = this.heard.filter((line) => !this.announced.some((expected) => expected.test(line)));
    expect(surprises, 'what the browser console said and the test did not announce').toEqual([]);
  }
}
