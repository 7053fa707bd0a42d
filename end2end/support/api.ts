import { expect } from '@playwright/test';
import { randomUUID } from 'node:crypto';

export interface Message {
  id: number;
  title: string | null;
  message: string;
  priority: number;
  date: string;
  sender: { id: string | number; name: string };
  to: string[];
}

export interface Draft {
  message: string;
  title?: string;
  priority?: number;
  to?: string | string[];
}

/** The JSON API as a script uses it. */
export class Api {
  private constructor(
    private readonly base: string,
    private readonly token: string,
  ) {}

  static async register(base: string, username: string, password: string): Promise<Api> {
    return Api.enter(base, '/auth/register', username, password);
  }

  static async login(base: string, username: string, password: string): Promise<Api> {
    return Api.enter(base, '/auth/login', username, password);
  }

  private static async enter(base: string, path: string, username: string, password: string): Promise<Api> {
    const answer = await fetch(base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    const { access_token } = await json<{ access_token: string }>(answer, `POST ${path} as ${username}`);
    return new Api(base, access_token);
  }

  async publish(draft: Draft | string, key: string = randomUUID()): Promise<Message> {
    const answer = await fetch(`${this.base}/message`, {
      method: 'POST',
      headers: { ...this.headers, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(typeof draft === 'string' ? { message: draft } : draft),
    });
    return json<Message>(answer, 'POST /message');
  }

  /** One after the other, in this order. */
  async publishAll(drafts: (Draft | string)[]): Promise<void> {
    for (const draft of drafts) await this.publish(draft);
  }

  /** What a careful script does while servers die: asks again with the same key until it has an answer. */
  async publishUntilAcknowledged(draft: Draft | string): Promise<void> {
    const key = randomUUID();
    await expect(async () => void (await this.publish(draft, key))).toPass({ intervals: [50], timeout: 30_000 });
  }

  /** Newest first. */
  async messages(limit = 200): Promise<Message[]> {
    const answer = await fetch(`${this.base}/message?limit=${limit}`, { headers: this.headers });
    return (await json<{ messages: Message[] }>(answer, 'GET /message')).messages;
  }

  private get headers(): Record<string, string> {
    return { authorization: `Bearer ${this.token}` };
  }
}

async function json<T>(answer: Response, what: string): Promise<T> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${what} was answered ${answer.status}: ${text}`);
  return JSON.parse(text) as T;
}
