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
  tags?: string[];
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

  /** How many messages are unread, as the server has it. */
  async unread(): Promise<number> {
    return (await this.ask<{ counters: { unread: number } }>('GET', '/inbox')).counters.unread;
  }

  async edit(id: number, message: string): Promise<Message> {
    return this.ask<Message>('PATCH', `/message/${id}`, { message });
  }

  async delete(id: number): Promise<void> {
    await this.ask('DELETE', `/message/${id}`);
  }

  async save(...ids: number[]): Promise<void> {
    await this.mark({ save: ids });
  }

  /** Does these things with these messages. */
  async mark(marks: Partial<Record<'read' | 'unread' | 'archive' | 'unarchive' | 'save' | 'unsave', number[]>>): Promise<void> {
    const ranges = Object.entries(marks).map(([what, ids]) => [what, ids.map((id) => [id, id])]);
    await this.ask('POST', '/state', Object.fromEntries(ranges));
  }

  /** Makes a private topic with these people in it, and gives its number. */
  async createPrivateTopic(name: string, ...members: Api[]): Promise<number> {
    return this.createTopic(name, true, members);
  }

  /** Makes a topic that everybody sees, likewise. */
  async createPublicTopic(name: string, ...members: Api[]): Promise<number> {
    return this.createTopic(name, false, members);
  }

  async removeFromTopic(topic: number, member: Api): Promise<void> {
    await this.ask('DELETE', `/topic/${topic}/members/${await member.id()}`);
  }

  /** Whatever else is asked; JSON, or nothing where there is no answer. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(this.base + path, {
      method,
      headers: { ...this.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return json<T>(answer, `${method} ${path}`);
  }

  private async createTopic(name: string, isPrivate: boolean, members: Api[]): Promise<number> {
    const { topic } = await this.ask<{ topic: { id: number } }>('POST', '/topic', { name, private: isPrivate });
    for (const member of members) await this.ask('PUT', `/topic/${topic.id}/members/${await member.id()}`, {});
    return topic.id;
  }

  private async id(): Promise<number> {
    return (await this.ask<{ id: number }>('GET', '/auth/me')).id;
  }

  private get headers(): Record<string, string> {
    return { authorization: `Bearer ${this.token}` };
  }
}

async function json<T>(answer: Response, what: string): Promise<T> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${what} was answered ${answer.status}: ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}
