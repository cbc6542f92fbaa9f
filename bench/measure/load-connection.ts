import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { FrameReader, maskedFrame, OPCODES, type Frame } from './frames.js';
import { upgradeRequest, type LoadTarget } from './upgrade-request.js';

/**
 * A WebSocket connection that writes a prepared batch of messages in one piece and waits for all replies.
 *
 * Lock-step on purpose: every server reads the same bytes in the same pieces, however fast it or the client is. With a
 * free-running client a slow server finds several messages in each read, and is measured as cheaper than it is.
 */
export class LoadConnection {
  private readonly reader = new FrameReader();
  private replies: string[] = [];
  private expected = 0;
  private settle: { resolve(replies: string[]): void; reject(reason: Error): void } | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('error', (reason) => this.fail(reason));
    socket.on('close', () => this.fail(new Error('The server closed a connection in the middle of a measurement.')));
  }

  /** Opens a connection. @throws when the server answers anything but `101`. */
  static async open(target: LoadTarget): Promise<LoadConnection> {
    const upgrade = upgradeRequest(target);
    return new Promise((resolve, reject) => {
      upgrade.on('upgrade', (_: IncomingMessage, socket: Socket) => resolve(new LoadConnection(socket)));
      upgrade.on('response', (response) => reject(new Error(`The handshake was refused: ${response.statusCode}.`)));
      upgrade.on('error', reject);
    });
  }

  /** Writes a batch and waits for as many text messages. One exchange at a time. */
  async exchange(batch: Buffer, replies: number): Promise<string[]> {
    this.expected = replies;
    this.replies = [];
    const done = new Promise<string[]>((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.socket.write(batch);
    return done;
  }

  /** Closes with `1000`, and waits until the server has closed the socket. */
  async close(): Promise<void> {
    const closed = once(this.socket, 'close');
    this.socket.write(maskedFrame(OPCODES.CLOSE, Buffer.from([0x03, 0xe8])));
    await closed;
  }

  /** Writes bytes for which no reply comes. */
  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** Writes bytes for which the server must end the connection, and waits until it has. */
  async endWith(bytes: Buffer): Promise<void> {
    const closed = once(this.socket, 'close');
    this.socket.end(bytes);
    await closed;
  }

  /** Writes bytes and is gone without a word. */
  async reset(bytes: Buffer): Promise<void> {
    const closed = once(this.socket, 'close');
    if (bytes.length === 0) this.socket.resetAndDestroy();
    else this.socket.write(bytes, () => this.socket.resetAndDestroy());
    await closed;
  }

  /** Is gone without a word, and does not wait. */
  abandon(): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    for (const frame of this.reader.push(chunk)) this.take(frame);
  }

  private take({ opcode, payload }: Frame): void {
    if (opcode === OPCODES.PING) this.socket.write(maskedFrame(OPCODES.PONG, payload));
    if (opcode !== OPCODES.TEXT) return;
    this.replies.push(payload.toString());
    if (this.replies.length === this.expected) {
      this.settle?.resolve(this.replies);
      this.settle = undefined;
    }
  }

  private fail(reason: Error): void {
    this.settle?.reject(reason);
    this.settle = undefined;
  }
}
