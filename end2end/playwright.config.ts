import { defineConfig } from '@playwright/test';

const root = process.getuid?.() === 0;

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  // Every test has a server and people of its own, so any two can run beside each other.
  fullyParallel: true,
  workers: 2,
  // A test that passes at the second try hides what a person would meet at the first.
  retries: 0,
  forbidOnly: true,
  // For what hangs, on a machine that is slow and busy; what is waited for has a limit of its own.
  timeout: 180_000,
  expect: { timeout: 10_000 },
  reporter: [['list'], ['json', { outputFile: '../target/test-logs/browser.json' }], ['./support/failures.ts']],
  use: {
    trace: 'retain-on-failure',
    locale: 'en-US',
    // Not the server's zone: a time that is rendered differently on the two sides shows.
    timezoneId: 'Asia/Taipei',
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      chromiumSandbox: !root,
      // Nothing but the page under test may use the network.
      args: [
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
