import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import type { FullConfig, Reporter, TestCase, TestResult } from '@playwright/test/reporter';

/** Says at the very end, in a few lines, why each test failed: the end of a long log is what is read first, and often all that is kept. */
export default class Failures implements Reporter {
  readonly #said: string[] = [];
  #root = '';

  onBegin(config: FullConfig) {
    this.#root = config.rootDir;
  }

  onTestEnd(test: TestCase, { error, status }: TestResult) {
    if (!error || status === test.expectedStatus) return;
    const place = error.location ?? test.location;
    const what = stripVTControlCharacters(error.message ?? error.value ?? status)
      .split('\n')
      .filter((line) => line.trim())
      .slice(0, 6);
    this.#said.push([`${relative(this.#root, place.file)}:${place.line} › ${test.title}`, ...what].join('\n    '));
  }

  onEnd() {
    for (const failure of this.#said) console.log(`\n  ${failure}`);
  }
}
