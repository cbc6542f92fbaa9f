import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ScanTarget } from '../scope/scan-target.js';
import type { ScanBudget } from '../scope/scan-budget.js';
import { cutFrame, type FrameShape, type ReceivedFrame, writeFrame } from './frames.js';
import { type HandshakeAnswer, readAnswer } from './handshake-answer.js';
import type { HandshakeRequest } from './handshake-request.js';
import { EndedWithoutAnswerError, InconclusiveError, NoAnswerError } from './inconclusive.js';

/** No server of good faith sends more before it is asked for. */
const MAX_BUFFERED = 1_048_576;
const HEAD_END = '\r\n\r\n';
/** What reads a head is slower than it is long: a longer one is no answer. Node takes 16 KiB. */
const MAX_HEAD = 65_536;
/** The size of a chunk, and the extensions that nobody uses. */
const MAX_CHUNK_HEAD = 256;

/** How long a probe waits. */
export interface ProbePatience {
  /** For a connection, an answer, a pong: in milliseconds. */
  readonly answerMs: number;
  /** What frames are drawn from, and whose time it is. */
  readonly budget: ScanBudget;
}

/** A TCP or TLS connection to the target, on which bytes are written as a check wants them. */
export class RawConnection {
  private buffered: Buffer = Buffer.alloc(0);
  private isEnded = false;
  private isFlooded = false;
  private wake: () => void = () => undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly patience: ProbePatience,
  ) {
    socket.on('data', (chunk: Buffer) => {
      this.buffered = Buffer.concat([this.buffered, chunk]);
      if (this.buffered.length > MAX_BUFFERED) {
        this.isFlooded = true;
        socket.destroy();
      }
      this.wake();
    });
    const end = (): void => {
      this.isEnded = true;
      this.wake();
    };
    socket.on('error', end).on('end', end).on('close', end);
  }

  /** Connects. @throws Error where nobody listens, or a certificate is not trusted. */
  static async open(target: ScanTarget, patience: ProbePatience): Promise<RawConnection> {
    const { hostname: host, port, isSecure, trusted } = target;
    const authorities = trusted === undefined ? {} : { secureContext: trusted.context };
    const socket = isSecure
      ? connectTls({
          ...{ host, port, ALPNProtocols: ['http/1.1'] },
          ...(isIP(host) === 0 && { servername: host }),
          ...authorities,
        })
      : connectTcp({ host, port });
    socket.setNoDelay(true);
    const signal = AbortSignal.any([patience.budget.signal, AbortSignal.timeout(patience.answerMs)]);
    try {
      await once(socket, isSecure ? 'secureConnect' : 'connect', { signal });
    } catch (cause) {
      // Whatever it says while it is taken down has nobody to be told.
      socket.on('error', () => undefined).destroy();
      patience.budget.checkTime();
      throw new Error(`No connection to ${target.host}: ${reasonOf(cause)}.`, { cause });
    }
    return new RawConnection(socket, patience);
  }

  /**
   * Sends a handshake, and gives the answer.
   *
   * @throws EndedWithoutAnswerError
   * @throws NoAnswerError
   * @throws InconclusiveError where the answer is longer than any.
   */
  async handshake({ head, key }: HandshakeRequest): Promise<HandshakeAnswer> {
    this.write(Buffer.from(head, 'latin1'));
    const deadline = performance.now() + this.patience.answerMs;
    for (;;) {
      const end = this.buffered.indexOf(HEAD_END);
      if (Math.max(end, end === -1 ? this.buffered.length : 0) > MAX_HEAD)
        throw new InconclusiveError(`The server answered with a head of more than ${MAX_HEAD} bytes.`);
      if (end !== -1) {
        const answered = this.buffered.toString('latin1', 0, end);
        this.buffered = this.buffered.subarray(end + HEAD_END.length);
        return readAnswer(answered, key);
      }
      if (await this.more(deadline - performance.now())) continue;
      throw this.isEnded ? new EndedWithoutAnswerError() : new NoAnswerError();
    }
  }

  /** Writes bytes as they are. A connection that the server has ended swallows them. */
  write(bytes: Buffer): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** Sends frames, right or wrong, in one piece. Each is a message that the scan may send. @throws BudgetSpentError */
  send(...frames: readonly FrameShape[]): void {
    for (const _ of frames) this.patience.budget.takeMessage();
    this.write(Buffer.concat(frames.map(writeFrame)));
  }

  /** Reads nothing from here on: what the server sends stays with it, and with the kernels of both. */
  pause(): void {
    this.socket.pause();
  }

  /** Reads again. */
  resume(): void {
    this.socket.resume();
  }

  /** How many of the written bytes the kernel has not taken, since the server reads none. */
  get unsent(): number {
    return this.socket.writableLength;
  }

  /** Whether the server has ended it. */
  get hasEnded(): boolean {
    return this.isEnded;
  }

  /**
   * Waits for more bytes.
   *
   * @returns false when the connection ended, or nothing came in time.
   * @throws Error where the server sent more than the scanner reads: that the connection ends then is not its doing.
   * @throws BudgetSpentError when the scan has no more time: that nothing came says nothing then.
   */
  async more(ms: number): Promise<boolean> {
    this.assertNotFlooded();
    const before = this.buffered.length;
    const { budget } = this.patience;
    const { signal } = budget;
    budget.checkTime();
    if (this.isEnded || ms <= 0) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      const onAbort = (): void => resolve();
      signal.addEventListener('abort', onAbort);
      this.wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
    });
    // Of a wait that ended by time the listener is left: the call takes it away.
    this.wake();
    this.wake = () => undefined;
    this.assertNotFlooded();
    budget.checkTime();
    return this.buffered.length > before;
  }

  /**
   * Takes the next frame, if one comes by a moment of `performance.now()`. A server that sends one after the other holds
   * nobody up: the moment stays.
   */
  async frameBy(deadline: number): Promise<ReceivedFrame | undefined> {
    for (;;) {
      const frame = performance.now() < deadline ? cutFrame(this.buffered).frame : undefined;
      if (frame !== undefined) {
        this.buffered = this.buffered.subarray(frame.raw.length);
        return frame;
      }
      if (!(await this.more(deadline - performance.now()))) return undefined;
    }
  }

  /** Throws away what comes. @returns whether the server has ended it by a moment of `performance.now()`. */
  async endsBy(deadline: number): Promise<boolean> {
    do this.buffered = Buffer.alloc(0);
    while (await this.more(deadline - performance.now()));
    return this.isEnded;
  }

  /** The body of a refusal: as long as it says, else what comes until the server is silent for `silenceMs`. */
  async body({ fields }: HandshakeAnswer, silenceMs: number): Promise<string> {
    const stated = fields.get('content-length');
    const length = stated === undefined ? MAX_BUFFERED : Number(stated);
    const end = performance.now() + this.patience.answerMs;
    while (this.buffered.length < length && performance.now() < end && (await this.more(silenceMs)));
    return this.buffered.toString();
  }

  /**
   * What comes behind the body of a refusal, until the server is silent for `silenceMs`. A body that says neither its length nor
   * its chunks goes on until the end of the connection (RFC 9112 section 6.3): nothing is behind it, unless there is none.
   */
  async behindBody(answer: HandshakeAnswer, silenceMs: number): Promise<string> {
    const { fields } = answer;
    await this.body({ ...answer, fields: new Map() }, silenceMs);
    const all = this.buffered.toString('latin1');
    if (/\bchunked\b/i.test(fields.get('transfer-encoding') ?? '')) return behindChunks(all);
    return all.slice(Number(fields.get('content-length') ?? 0));
  }

  private assertNotFlooded(): void {
    if (!this.isFlooded) return;
    throw new Error(`The server sent more than ${MAX_BUFFERED} bytes at once, and the scanner ended the connection.`);
  }

  /** Ends the connection. */
  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** What stands behind the last of some chunks (RFC 9112 section 7.1), and the fields that may follow it. */
function behindChunks(text: string): string {
  let at = 0;
  for (;;) {
    const [head, size] = /^([\da-f]+)[^\r\n]*\r\n/i.exec(text.slice(at, at + MAX_CHUNK_HEAD)) ?? [];
    if (head === undefined || size === undefined) return '';
    at += head.length + Number.parseInt(size, 16);
    if (Number.parseInt(size, 16) > 0) at += '\r\n'.length;
    else return text.slice(at).replace(/^(?:(?!HTTP\/)[^\r\n]+\r\n)*\r\n/, '');
  }
}

/** The code of a network error, or its message: what a reader can look up. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown';
  if (cause.name === 'AbortError') return 'no answer in time';
  return (cause as NodeJS.ErrnoException).code ?? cause.message;
}
