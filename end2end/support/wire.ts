import type { Page, WebSocketRoute } from '@playwright/test';

/**
 * A network cable that can be pulled. Playwright's offline switch stops requests but leaves open WebSockets alone, so
 * both are cut together. Must be laid before the page connects.
 */
export class Wire {
  private readonly sockets = new Set<WebSocketRoute>();
  private whole = true;

  private constructor(private readonly page: Page) {}

  static async lay(page: Page): Promise<Wire> {
    const wire = new Wire(page);
    await page.routeWebSocket(/\/ws(\?.*)?$/, (socket) => wire.connect(socket));
    return wire;
  }

  async cut(): Promise<void> {
    this.whole = false;
    await this.page.context().setOffline(true);
    await Promise.all([...this.sockets].map((socket) => this.drop(socket)));
  }

  async mend(): Promise<void> {
    this.whole = true;
    await this.page.context().setOffline(false);
  }

  private connect(socket: WebSocketRoute): void {
    if (!this.whole) {
      void this.drop(socket);
      return;
    }
    this.sockets.add(socket);
    const server = socket.connectToServer();
    server.onClose((code, reason) => {
      this.sockets.delete(socket);
      void socket.close({ ...(code === undefined ? {} : { code }), ...(reason ? { reason } : {}) });
    });
  }

  /** 1001 is the nearest to a lost connection that a page can be told: "going away", try again. */
  private async drop(socket: WebSocketRoute): Promise<void> {
    this.sockets.delete(socket);
    await socket.close({ code: 1001 });
  }
}
