/** What Nest calls a bound handler with, behind the client. */
type BoundCallback = (data?: unknown, event?: unknown, context?: unknown) => unknown;

/** An adapter without a server: a test calls the handlers that Nest has bound to its one client. */
export class BoundHandlers {
  readonly callbacks = new Map<unknown, BoundCallback>();
  #connect: ((client: object) => void) | undefined;

  constructor(private readonly client: object = {}) {}

  create(): object {
    return {};
  }

  bindClientConnect(_server: object, connect: (client: object) => void): void {
    this.#connect = connect;
  }

  bindClientDisconnect(): void {}

  bindMessageHandlers(_client: object, handlers: readonly { message: unknown; callback: BoundCallback }[]): void {
    for (const { message, callback } of handlers) this.callbacks.set(message, callback);
  }

  close(): void {}

  dispose(): void {}

  connect(): void {
    this.#connect?.(this.client);
  }

  async send(event: string, data: unknown): Promise<unknown> {
    if (this.callbacks.size === 0) this.connect();
    return await this.callbacks.get(event)?.(data);
  }
}
