import type { IncomingMessage } from 'node:http';
import { CLOSE_CODES, type CloseCodeName, formatCloseReason } from '@secure-ws/protocol';
import { messageCredential } from '../authentication/credentials.js';
import { andThen } from '../core/awaitable.js';
import { type Deadline, DeadlineList } from '../core/deadline-list.js';
import type { Linked } from '../core/linked-list.js';
import { decodeJson } from '../core/safe-json.js';
import { frameLimits, type WireFormat } from '../core/wire-format.js';
import type { HandshakeInvitation } from '../handshake/handshake-context.js';
import { closeCodeOf, type HandshakeRefusal, type HandshakeRefusalReason } from '../handshake/handshake-refusal.js';
import type { HandshakeObservation } from '../handshake/handshake-observation.js';
import type { BoundedSocket } from '../lifecycle/bounded-socket.js';
import { type FrameFault, type FrameWatch, InboundFrames } from '../lifecycle/inbound-frames.js';
import { type Envelope, readEnvelope } from '../messages/envelope.js';
import { replyFrame } from '../messages/frames.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import type { ConnectionAcceptor } from './connection-acceptor.js';
import type { HandshakeAudit } from './handshake-audit.js';
import { ABANDONED, admittedAs, refusedFor } from './handshake-end.js';
import { AUTH_EVENT } from './identity-renewal.js';
import type { WsEndpoint } from './ws-endpoint.js';

/** How long a client has, in milliseconds (AN-01). */
const DEADLINE_MS = 5000;

/** How large its message may be, and how much it may send in all, control frames included; in bytes. */
const MAX_MESSAGE_BYTES = 4096;
const MAX_BYTES = 2 * MAX_MESSAGE_BYTES;

/** What it takes to read one message of `$auth`. */
const JSON_LIMITS = { maxDepth: 2, maxKeys: 3, maxNodes: 6 };

/** The clients of one server that have their `101` and have still to say who they are. */
export class FirstMessages {
  readonly #waiting = new DeadlineList<InvitedSocket>(DEADLINE_MS, (socket) => {
    // It is in the list no more.
    socket.due = 0;
    socket.end('first-message-timeout');
  });
  readonly #all = new Set<InvitedSocket>();

  constructor(
    private readonly runtime: SecureWsRuntime,
    private readonly acceptor: ConnectionAcceptor,
    private readonly audit: HandshakeAudit,
  ) {
    runtime.timer.onTick((now) => this.#waiting.expire(now));
    runtime.lifecycle.onDraining(() => {
      for (const socket of this.#all) socket.close('RESTART', true);
    });
  }

  /** Waits for the first message of a client. Nothing of the application hears of it before. */
  invite(
    endpoint: WsEndpoint,
    client: BoundedSocket,
    request: IncomingMessage,
    invitation: HandshakeInvitation,
    observation: HandshakeObservation | undefined,
  ): void {
    // A gateway that sends to all of `server.clients` must not send to somebody who is nobody yet.
    const { clients } = endpoint.server;
    clients.delete(client);
    const wire = endpoint.runtime.spoken.formatOf(invitation.subprotocol);
    const socket = new InvitedSocket(this.runtime, client, request, invitation, wire, {
      onAsked: () => observation?.resume(),
      onEnded: (refusal) => {
        this.#remove(socket);
        observation?.end(refusal === undefined ? { ...ABANDONED, path: invitation.path } : refusedFor(refusal));
        if (refusal !== undefined) this.audit.onRefused(refusal, request);
      },
      onAdmitted: (admission, before) => {
        this.#remove(socket);
        clients.add(client);
        this.acceptor.accept(endpoint, client, request, admission, before);
        observation?.end(admittedAs(admission));
      },
    });
    this.#all.add(socket);
    this.#waiting.add(socket, this.runtime.clock.monotonic());
    invitation.whenLost(() => socket.lose());
  }

  #remove(socket: InvitedSocket): void {
    if (this.#all.delete(socket) && socket.due > 0) this.#waiting.remove(socket);
  }
}

type Accept = ConnectionAcceptor['accept'];

/** What becomes of an {@link InvitedSocket}; one of the last two, once. */
interface InvitedSocketOwner {
  /** It has sent its credential, which is looked at. */
  onAsked(): void;
  /** It is closed, or gone by itself. */
  onEnded(refusal: HandshakeRefusal | undefined): void;
  onAdmitted(admission: Parameters<Accept>[3], before: NonNullable<Parameters<Accept>[4]>): void;
}

/** One of them. */
class InvitedSocket implements Deadline, FrameWatch {
  due = 0;
  previous: Linked | undefined;
  next: Linked | undefined;
  readonly #inbound: InboundFrames;
  /** Who is told of the frames: this at first, and then the connection. */
  #watch: FrameWatch = this;
  #isOver = false;
  #isVerifying = false;

  constructor(
    private readonly runtime: SecureWsRuntime,
    private readonly client: BoundedSocket,
    { socket }: IncomingMessage,
    private readonly invitation: HandshakeInvitation,
    private readonly wire: WireFormat,
    private readonly owner: InvitedSocketOwner,
  ) {
    const watch = (): FrameWatch => this.#watch;
    const observer: FrameWatch = {
      get isClosing() {
        return watch().isClosing;
      },
      now: () => watch().now(),
      onFault: (fault) => watch().onFault(fault),
      onUnfinished: (since) => watch().onUnfinished(since),
      onHeld: (bytes) => watch().onHeld(bytes),
      onCutOff: () => watch().onCutOff(),
    };
    // What is too large is told apart from what is no message of this kind: the limit of its size is looked at below.
    this.#inbound = new InboundFrames(socket, observer, frameLimits(wire, MAX_BYTES, 0));
    this.#inbound.allowance = MAX_BYTES;
    client.on('message', this.#onMessage);
    client.on('error', () => undefined);
    client.once('close', () => this.#finish(undefined));
  }

  get isClosing(): boolean {
    return this.#isOver;
  }

  now(): number {
    return this.runtime.clock.monotonic();
  }

  onFault(fault: FrameFault): void {
    this.end(fault === 'early-bytes' || fault === 'message-size' ? 'first-message-size' : 'first-message-event');
  }

  onUnfinished(): void {
    // The deadline of all of it is short enough.
  }

  onHeld(): void {
    // So are the bytes that it may send, and the places for such clients.
  }

  onCutOff(): void {
    this.client.terminate();
  }

  /** Refuses the client, and says why in the audit. */
  end(reason: HandshakeRefusalReason): void {
    this.#refuse(this.invitation.refuse(reason));
  }

  /** Its place went to another client. It is not waited for: whoever floods must not have more sockets than places. */
  lose(): void {
    this.end('first-message-limit');
    this.client.terminate();
  }

  /** Closes without a refusal. */
  close(code: CloseCodeName, hasHint = false): void {
    const { code: number, word } = CLOSE_CODES[code];
    this.client.close(number, formatCloseReason(word, hasHint ? 5000 : undefined));
    this.#finish(undefined);
  }

  readonly #onMessage = (frame: unknown): void => {
    if (this.#isOver) return;
    const data = frame as Buffer;
    if (data.length > MAX_MESSAGE_BYTES) {
      this.end('first-message-size');
      return;
    }
    const envelope = envelopeOf(data, this.wire);
    const isAuth = envelope?.event === AUTH_EVENT;
    const credential = isAuth ? messageCredential(envelope.data, this.invitation.url) : undefined;
    // A second message must wait for the answer to the first.
    if (envelope === undefined || credential === undefined || this.#isVerifying) {
      this.end('first-message-event');
      return;
    }
    this.#isVerifying = true;
    this.owner.onAsked();
    const decision = this.invitation.authenticate(credential);
    void andThen(decision, (decided) => {
      if (this.#isOver) {
        if (decided.admitted) decided.release();
      } else if (!decided.admitted) this.#refuse(decided);
      else if (!this.runtime.admitsHandshakes) this.close('RESTART', true);
      else this.#tryToAdmit(decided, envelope);
    });
  };

  /** Nobody waits for what is done here: a throw would end the process. */
  #tryToAdmit(admission: Parameters<Accept>[3], envelope: Envelope): void {
    try {
      this.#admit(admission, envelope);
    } catch (cause) {
      this.runtime.faults.write('first-message', '', cause);
      this.owner.onEnded(undefined);
      admission.release();
      this.client.terminate();
    }
  }

  #admit(admission: Parameters<Accept>[3], { id }: Envelope): void {
    this.#isOver = true;
    this.client.off('message', this.#onMessage);
    this.#inbound.allowance = Infinity;
    const { expiresAt } = admission.principal;
    const data = expiresAt === undefined ? {} : { expiresInMs: expiresAt - this.runtime.clock.now() };
    const reply = replyFrame(JSON.stringify(AUTH_EVENT), id, data) ?? '';
    this.client.send(this.wire.codec?.encode(reply) ?? reply);
    this.owner.onAdmitted(admission, {
      inbound: this.#inbound,
      handTo: (watch) => {
        this.#watch = watch;
      },
    });
  }

  #refuse(refusal: HandshakeRefusal): void {
    const close = closeCodeOf(refusal.reason) ?? 'INTERNAL';
    const { code, word, advice } = CLOSE_CODES[close];
    const hint = advice === 'after-hint' ? (refusal.retryAfterMs ?? 5000) : undefined;
    this.client.close(code, formatCloseReason(word, hint));
    this.#finish(refusal);
  }

  #finish(refusal: HandshakeRefusal | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.owner.onEnded(refusal);
  }
}

function envelopeOf(frame: Buffer, { codec }: WireFormat): Envelope | undefined {
  const decoded = codec?.decode(frame, JSON_LIMITS, false) ?? decodeJson(frame.toString(), JSON_LIMITS);
  const envelope: Envelope = { event: '', data: undefined, id: undefined };
  return decoded.ok && readEnvelope(decoded.value, envelope) ? envelope : undefined;
}
