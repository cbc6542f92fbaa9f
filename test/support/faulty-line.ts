import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';

/** A direction in which a line swallows everything: what the client asks, or what it is answered. */
export type Direction = 'asked' | 'answered';

/** A TCP connection between a client and a server that a test can make slow, cut, or have swallow everything in one direction. */
export class FaultyLine {
  readonly #sockets = new Set<Socket>();
  /** Opens where a direction swallows: what was sent meanwhile arrives then, as TCP has it. */
  readonly #gates = new Map<Direction, { readonly opened: Promise<void>; readonly open: () => void }>();
  #delayMs = 0;
  #isCut = false;

  private constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {
    server.on('connection', (client) => this.#join(client));
  }

  /** Opens one to a server that listens on a socket in a folder. */
  static async open(target: string): Promise<FaultyLine> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultyLine(server, target);
  }

  /** Of its end at the client. */
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Has every byte take so long in each direction. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Ends every connection, and each new one at once. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Swallows everything in one direction, and says nothing of it. */
  swallow(direction: Direction): void {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    this.#gates.set(direction, { opened, open });
  }

  /** Is as it was. */
  mend(): void {
    this.#isCut = false;
    this.#delayMs = 0;
    for (const { open } of this.#gates.values()) open();
    this.#gates.clear();
  }

  /** Ends. */
  close(): void {
    this.cut();
    this.mend();
    this.server.close();
  }

  #join(client: Socket): void {
    if (this.#isCut) return void client.destroy();
    const server = connect(this.target);
    this.#pass(client, server, 'asked');
    this.#pass(server, client, 'answered');
  }

  #pass(from: Socket, to: Socket, direction: Direction): void {
    this.#sockets.add(from);
    let passed = Promise.resolve();
    from.on('data', (bytes: Buffer) => {
      const due = performance.now() + this.#delayMs;
      // One after the other, in their order.
      passed = passed.then(async () => {
        await this.#gates.get(direction)?.opened;
        const left = due - performance.now();
        if (left > 0) await after(left);
        to.write(bytes);
      });
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
