import { defineConfig } from '@playwright/test';

import suite from '../playwright.config.ts';

// What is measured and not tested: nothing runs beside it, and nothing takes pictures of ten thousand rows.
export default defineConfig({
  ...suite,
  testDir: '.',
  workers: 1,
  reporter: [['list']],
  use: { ...suite.use, trace: 'off' },
});
