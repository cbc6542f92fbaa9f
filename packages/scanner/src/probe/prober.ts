import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { SecureVersion } from 'node:tls';
import type { WebSocket } from 'ws';
import type { Dialect } from '../dialect/dialect.js';
import type { ScanBudget } from '../scope/scan-budget.js';
import type { ScanTarget } from '../scope/scan-target.js';
import { type Admission, HUNG_UP } from './admission.js';
import { clientSocket, type ConnectionChange } from './client-socket.js';
import { endOf, PING } from './end-of-connection.js';
import { OPCODES, writeFrame } from './frames.js';
import type { HandshakeAnswer } from './handshake-answer.js';
import {
  type HandshakeChange,
  type HandshakeIdentity,
  handshakeRequest,
  pageRequest,
  pathOf,
  tokenOf,
  withoutCredentials,
} from './handshake-request.js';
import {
  EndedWithoutAnswerError,
  HandshakeRefusedError,
  InconclusiveError,
  OpeningRefusedError,
  refusedWith,
  TooManyHandshakesError,
} from './inconclusive.js';
import { waitUntilOpened } from './opening.js';
import { RawConnection } from './raw-connection.js';
import { Session, type SessionPatience } from './session.js';
import { lookAtTls, type TlsSight } from './tls-sight.js';
import type { Transcript } from './transcript.js';

/** A server that says no longer than this when to come back is waited for, in seconds. */
const MAX_RETRY_AFTER = 30;
const MAX_RETRIES = 2;
const TOO_MANY = 429;
/** A server that is busy, or being changed, answers so as well: it is waited for, and no limit is seen in it. */
const COME_LATER = new Set([TOO_MANY, 503]);

/** All that reaches the target goes through here, and draws from the budget. */
export class Prober {
  private limited = 0;
  private dialect: Dialect | undefined;

  constructor(
    readonly target: ScanTarget,
    private who: HandshakeIdentity,
    private readonly budget: ScanBudget,
    private readonly transcript: Transcript,
    private readonly patience: SessionPatience,
  ) {}

  /** What every handshake says, unless a check changes it. */
  get identity(): HandshakeIdentity {
    return this.who;
  }

  /** From here on sessions and admissions begin as a dialect does. */
  speak(dialect: Dialect): void {
    this.dialect = dialect;
  }

  /** From here on the good handshake offers these. */
  offer(subprotocols: readonly string[]): void {
    this.who = { ...this.who, subprotocols };
  }

  /** How long an answer is waited for, in milliseconds. */
  get answerMs(): number {
    return this.patience.answerMs;
  }

  /** How long a server is listened to after it was silent, in milliseconds. */
  get settleMs(): number {
    return this.patience.settleMs;
  }

  /** How many handshakes the target has answered with `429` so far. */
  get limitedHandshakes(): number {
    return this.limited;
  }

  /**
   * Opens a connection and sends a handshake on it. The caller disposes of it.
   *
   * @throws TooManyHandshakesError
   * @throws EndedWithoutAnswerError
   * @throws InconclusiveError where it is busy, or does not answer.
   */
  async open(change: HandshakeChange = {}): Promise<OpenedConnection> {
    for (let retries = 0; ; retries++) {
      const opened = await this.openOnce(change);
      const { connection, answer } = opened;
      if (!COME_LATER.has(answer.status)) return opened;
      connection[Symbol.dispose]();
      await this.waitFor(answer.status, answer.fields.get('retry-after'), retries);
    }
  }

  /** The same, without waiting for a target that says that there are too many. */
  async openOnce(change: HandshakeChange = {}): Promise<OpenedConnection> {
    const request = handshakeRequest(this.target, this.identity, change);
    const { settleMs } = this.patience;
    const connection = await this.connect();
    try {
      this.transcript.send(request.head, request.shown);
      const answer = await connection.handshake(request);
      if (answer.status === TOO_MANY) this.limited++;
      this.transcript.receive('answer to a handshake', answer.head);
      const body = answer.isAccepted ? '' : await connection.body(answer, settleMs);
      if (!answer.isAccepted) this.transcript.receive('body of a refused handshake', body);
      return { connection, answer, body };
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    }
  }

  /** A connection on which nothing was said. @throws Error where there is none. */
  async connect(): Promise<RawConnection> {
    await this.budget.takeConnection();
    return RawConnection.open(this.target, { answerMs: this.answerMs, budget: this.budget });
  }

  /** Waits without asking the target anything. @throws BudgetSpentError when the scan has no more time. */
  pause(ms: number): Promise<void> {
    return this.budget.pause(ms);
  }

  /** Whether a handshake gets a connection that stays, and takes messages. @throws InconclusiveError where it cannot be said. */
  async admits(change: HandshakeChange = {}): Promise<Admission> {
    const opened = await this.open(change).catch((error: unknown) => {
      if (error instanceof EndedWithoutAnswerError) return undefined;
      throw error;
    });
    if (opened === undefined) return HUNG_UP;
    const { connection, answer, body } = opened;
    using _ = connection;
    if (!answer.isAccepted) {
      if (answer.status >= 500)
        throw new InconclusiveError(`The server answered ${answer.status}, an error of its own.`);
      return { isAdmitted: false, answer, saw: String(answer.status), body };
    }
    const end = await endOf(connection, this.say(connection, change), this.transcript, this.patience);
    return { isAdmitted: end === undefined, answer, saw: end === undefined ? '101' : `101, then ${end}`, body };
  }

  /**
   * A connection on which the opening of the dialect was taken, and frames can be written one by one. The caller disposes of it.
   *
   * @throws HandshakeRefusedError
   * @throws OpeningRefusedError
   * @throws InconclusiveError
   */
  async spoken(change: HandshakeChange = {}): Promise<OpenedConnection> {
    const opened = await this.open(change);
    const { connection, answer } = opened;
    try {
      if (!answer.isAccepted) throw refusedWith(answer.status);
      const end = await endOf(connection, this.say(connection, change), this.transcript, this.patience);
      if (end !== undefined) throw new OpeningRefusedError(`The server ended a good connection: ${end}.`);
      return opened;
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    }
  }

  /** Writes the opening of the dialect, and a ping behind it. @returns the dialect, where it has one. */
  private say(connection: RawConnection, change: HandshakeChange): Dialect | undefined {
    const opening = this.dialect?.opening(tokenOf(this.who, change)) ?? [];
    for (const message of opening) {
      this.transcript.send(message);
      connection.send({ opcode: OPCODES.text, payload: message });
    }
    connection.write(writeFrame({ opcode: OPCODES.ping, payload: PING }));
    return opening.length > 0 ? this.dialect : undefined;
  }

  /** Begins a handshake, without a credential, and does not end it. The caller disposes of it. */
  async halfHandshake(): Promise<RawConnection> {
    const connection = await this.connect();
    connection.write(
      Buffer.from(`GET ${pathOf(this.target, { credentials: 'none' })} HTTP/1.1\r\nHost: ${this.target.host}\r\n`),
    );
    return connection;
  }

  /** The head of a page, asked for without a credential. No redirect is followed. @throws Error where none comes. */
  async page(path: string): Promise<HandshakeAnswer> {
    using connection = await this.connect();
    return await connection.handshake(pageRequest(this.target, path));
  }

  /** A TLS handshake, with a version or with any, and whoever answers. @throws Error where there is none. */
  async tls(version?: SecureVersion): Promise<TlsSight> {
    await this.budget.takeConnection();
    return await lookAtTls(this.target, { answerMs: this.patience.answerMs, budget: this.budget }, version);
  }

  /** The same host without TLS, at a port of it, as nobody. It draws from the same budget. */
  withoutTls(port: number): Prober {
    const { hostname } = this.target.url;
    const host = port === 80 ? hostname : `${hostname}:${port}`;
    const target = { ...this.target, isSecure: false, port, host };
    return new Prober(target, withoutCredentials(this.identity), this.budget, this.transcript, this.patience);
  }

  /**
   * Opens a session that speaks correctly, and begins as the dialect does. The caller disposes of it.
   *
   * @throws OpeningRefusedError where the dialect has an opening, and the target refuses it.
   * @throws HandshakeRefusedError
   * @throws InconclusiveError where the target says nothing to the opening, or fails by itself.
   */
  async session(change: SessionChange = {}): Promise<Session> {
    const { dialect = this.dialect, openingMs = this.patience.answerMs } = change;
    const token = tokenOf(this.who, change);
    const session = await this.connected(change, (socket) => {
      const voice = { reply: (frame: string) => dialect?.reply?.(frame, token), heartbeat: dialect?.heartbeat };
      return new Session(socket, this.budget, this.transcript, this.patience, voice);
    });
    try {
      // What a server says by itself, to greet, is no answer to anything.
      const opening = dialect?.opening(token) ?? [];
      const greeting = [...(await session.ask(...opening))];
      if (dialect === undefined || opening.length === 0) return session;
      await waitUntilOpened(session, dialect, greeting, openingMs);
      return session;
    } catch (error) {
      session[Symbol.dispose]();
      throw error;
    }
  }

  /** A session on which nothing was said yet: for finding out what the target speaks. */
  async silentSession(change: Pick<HandshakeChange, 'subprotocols'> = {}): Promise<Session> {
    return this.connected(change, (socket) => new Session(socket, this.budget, this.transcript, this.patience));
  }

  private async connected(change: ConnectionChange, sessionOf: (socket: WebSocket) => Session): Promise<Session> {
    for (let retries = 0; ; retries++) {
      await this.budget.takeConnection();
      const socket = clientSocket(this.target, this.identity, change, this.patience.answerMs);
      const session = sessionOf(socket);
      const refused = once(socket, 'unexpected-response').then(([, response]) => response as IncomingMessage);
      try {
        // `ws` waits as long as anything comes: a head that drips would hold the scan for hours.
        const signal = AbortSignal.any([this.budget.signal, AbortSignal.timeout(this.patience.answerMs)]);
        const end = await Promise.race([once(socket, 'open', { signal }).then(() => undefined), refused]);
        if (end === undefined) return session;
        session[Symbol.dispose]();
        const { statusCode: status = 0, headers } = end;
        if (!COME_LATER.has(status)) throw refusedWith(status);
        if (status === TOO_MANY) this.limited++;
        await this.waitFor(status, headers['retry-after'], retries);
      } catch (error) {
        session[Symbol.dispose]();
        if ((error as NodeJS.ErrnoException).code === 'ECONNRESET')
          throw new HandshakeRefusedError(ENDED, { cause: error });
        if ((error as Error).name !== 'AbortError') throw error;
        this.budget.checkTime();
        throw new InconclusiveError('Opening handshake has timed out', { cause: error });
      }
    }
  }

  private async waitFor(status: number, retryAfter: string | undefined, retries: number): Promise<void> {
    const seconds = Number(retryAfter ?? Number.NaN);
    if (retries >= MAX_RETRIES || !(seconds <= MAX_RETRY_AFTER)) {
      const says = `The server answered ${status}: it takes no more handshakes from here for now.`;
      throw status === TOO_MANY ? new TooManyHandshakesError(says) : new InconclusiveError(says);
    }
    await this.budget.pause(seconds * 1000);
  }
}

/** A connection, and what came to the handshake on it; the body of a refusal alone. */
interface OpenedConnection {
  readonly connection: RawConnection;
  readonly answer: HandshakeAnswer;
  readonly body: string;
}

/** What a session begins with. */
interface SessionChange extends ConnectionChange {
  /** @default the dialect of the target, when it is known */
  readonly dialect?: Dialect | undefined;
  /** How long the answer to the opening is waited for, after it was read. @default the time for any answer */
  readonly openingMs?: number | undefined;
}

const ENDED = 'The server ended the connection at a good handshake without an answer.';
