import type { Locator } from '@playwright/test';

import type { Device } from './device.ts';

/** The pages about topics on a device. Their forms are plain ones, with script too. */
export class Topics {
  constructor(private readonly device: Device) {}

  /** Makes one and gives its number. */
  async create(name: string, { isPrivate }: { isPrivate: boolean }): Promise<number> {
    const { page } = this.device;
    await this.device.open('/topics');
    await page.getByRole('textbox', { name: 'Name' }).fill(name);
    if (isPrivate) await page.getByRole('checkbox', { name: /^Private/ }).check();
    await this.press('Create topic');
    await page.waitForURL(/\/topics\/\d+$/);
    return Number(page.url().split('/').at(-1));
  }

  /** Adds a person to the topic whose page is open. */
  async add(name: string): Promise<void> {
    await this.device.page.getByRole('textbox', { name: 'Add a person' }).fill(name);
    await this.press('Add');
  }

  async join(id: number): Promise<void> {
    await this.device.open(`/topics/${id}`);
    await this.press('Join');
  }

  async leave(id: number): Promise<void> {
    await this.device.open(`/topics/${id}`);
    await this.press('Leave');
  }

  async archive(id: number): Promise<void> {
    await this.device.open(`/topics/${id}`);
    await this.press('Archive topic');
  }

  async reopen(id: number): Promise<void> {
    await this.device.open(`/topics/${id}`);
    await this.press('Open it again');
  }

  /** How many are in it, as its page says. */
  get members(): Locator {
    return this.main.getByRole('heading', { name: /members?$/ });
  }

  get isArchived(): Locator {
    return this.main.getByText('Archived: nothing more can be sent to it');
  }

  private async press(name: string): Promise<void> {
    await this.device.submits(() => this.main.getByRole('button', { name, exact: true }).click());
  }

  private get main(): Locator {
    return this.device.page.getByRole('main');
  }
}
