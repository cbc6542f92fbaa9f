import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { once } from 'node:events';

/** What stands in front of the nodes: gives each connection to the next one, whoever comes. Without sticky sessions. */
export class TcpSplitter {
  #next = 0;

  private constructor(
    private readonly server: Server,
    /** The ports of the nodes; changes with them. */
    public targets: readonly number[],
  ) {
    server.on('connection', (client) => {
      const port = this.targets[this.#next++ % this.targets.length] ?? 0;
      const node = connect(port, '127.0.0.1');
      client.pipe(node).pipe(client);
      for (const [one, other] of [
        [client, node],
        [node, client],
      ] as const) {
        one.on('error', () => undefined);
        one.on('close', () => other.destroy());
      }
    });
  }

  /** Starts one. */
  static async start(targets: readonly number[]): Promise<TcpSplitter> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpSplitter(server, targets);
  }

  /** Where the gateway is that its nodes have. */
  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/orders`;
  }

  /** Takes no more connections. */
  close(): void {
    this.server.close();
  }
}
