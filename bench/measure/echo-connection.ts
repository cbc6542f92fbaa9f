import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A TCP connection that writes a prepared batch in one piece and waits until the same bytes have come back. */
export class EchoConnection {
  private received: Buffer[] = [];
  private missing = 0;
  private settle: { resolve(bytes: Buffer): void; reject(reason: Error): void } | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('error', (reason) => this.settle?.reject(reason));
    socket.on('close', () => this.settle?.reject(new Error('The echo server closed a connection too early.')));
  }

  /** Opens a connection. @throws when nobody listens. */
  static async open(port: number): Promise<EchoConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new EchoConnection(socket);
  }

  /** Writes a batch and waits for as many bytes. One exchange at a time. */
  async exchange(batch: Buffer): Promise<Buffer> {
    this.missing = batch.length;
    this.received = [];
    const done = new Promise<Buffer>((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.socket.write(batch);
    return done;
  }

  private read(chunk: Buffer): void {
    this.received.push(chunk);
    this.missing -= chunk.length;
    if (this.missing <= 0) this.settle?.resolve(Buffer.concat(this.received));
  }
}
