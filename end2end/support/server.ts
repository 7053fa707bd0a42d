import { expect } from '@playwright/test';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BINARY = fileURLToPath(new URL('../../target/release/push-system', import.meta.url));

/** A release binary that runs in an empty folder, with its data there, on a port of its own. */
export class Server {
  readonly url: string;
  private process: ChildProcess | undefined;
  private output = '';

  private constructor(
    private readonly port: number,
    private readonly folder: string,
    private readonly settings: Record<string, string>,
  ) {
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'push-system-'));
    const server = new Server(await freePort(), folder, settings);
    await server.up();
    return server;
  }

  /** What the server has printed since the test began. */
  get log(): string {
    return this.output;
  }

  /** The power cord: nothing is flushed, nothing is said to the browsers. */
  async kill9(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** As a deployment does it; the server must say goodbye and exit with 0. */
  async stop(): Promise<void> {
    const code = await this.end('SIGTERM');
    expect(code, `exit code after SIGTERM\n${this.output}`).toBe(0);
  }

  /** The same data at the same address again. */
  async restart(): Promise<void> {
    if (this.process) await this.stop();
    await this.up();
  }

  /** Stops it if it runs, and removes its data. */
  async remove(): Promise<void> {
    try {
      if (this.process) await this.stop();
    } finally {
      await rm(this.folder, { recursive: true, force: true });
    }
  }

  private async up(): Promise<void> {
    const child = spawn(BINARY, ['serve'], {
      cwd: this.folder,
      // Nothing of the caller's environment: a DATABASE_URL there is not ours to fill.
      env: {
        PUSH_LISTEN: `127.0.0.1:${this.port}`,
        PUSH_DATA_DIR: join(this.folder, 'data'),
        // One address registers and sends more than any person would.
        PUSH_RATE_LIMITS: 'off',
        PUSH_DRAIN_SECONDS: '1',
        ...this.settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    const failed = new Promise<never>((_, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        reject(new Error(`the server ended (${code ?? signal}) before it answered\n${this.output}`)),
      );
    });
    // Later exits are wanted ones.
    failed.catch(() => {});
    await Promise.race([failed, this.answers()]);
  }

  private async answers(): Promise<void> {
    const healthz = async () => expect((await fetch(`${this.url}/healthz`)).status).toBe(200);
    await expect(healthz).toPass({ intervals: [20], timeout: 20_000 });
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.process;
    if (!child) throw new Error('the server does not run');
    this.process = undefined;
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    }
    return child.exitCode;
  }
}

/**
 * Below the range from which the system takes ports for outgoing connections: a browser that tries again and again to
 * reach a server that is down could otherwise be given that very port, and the server could not come back.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const probe = createServer();
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}
