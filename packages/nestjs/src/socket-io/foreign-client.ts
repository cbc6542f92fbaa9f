import type { CloseCodeName } from '@secure-ws/protocol';
import { plainAddress } from '../core/address-key.js';
import { containListeners } from '../core/contained-signal.js';
import { giveUp } from '../core/give-up.js';
import { randomId } from '../core/identifier.js';
import { refuseUnsendable } from '../core/plain-json.js';
import type { Principal } from '../core/principal.js';
import type { WsSendOptions } from '../core/output.js';
import type { WsConnection, WsSendOutcome } from '../core/ws-connection.js';
import type { FaultLog } from '../core/fault-log.js';
import { findClient, type ProxyRules } from '../handshake/client-address.js';
import { type RawRequest, readRequestHead } from '../handshake/request-head.js';
import { ConnectionLabels } from '../lifecycle/connection-labels.js';
import type { MessageEngine } from '../messages/message-engine.js';
import type { HandlerPlan } from '../messages/handler-plan.js';
import type { Message, MessageHandler, MessageSource } from '../messages/message.js';
import { MessageViolations } from '../messages/message-violations.js';
import type { Refusal } from '../messages/refusal.js';
import { refusalOfThrottle } from '../messages/event-throttle.js';
import { MessageLimits } from '../throttling/message-limits.js';
import type { ThrottleFinding } from '../throttling/throttle-finding.js';
import { type EndableSocket, endSocket } from './end-socket.js';
import { ForeignCall } from './foreign-call.js';

/** What is used of a socket of another adapter. */
export interface ForeignSocket extends EndableSocket {
  readonly conn?: EndableSocket['conn'] & { readonly transport?: { readonly writable?: unknown } };
  readonly connected?: boolean;
  readonly handshake?: { readonly address?: unknown };
  /** The request by which it was opened. */
  readonly request?: unknown;
  readonly nsp?: { readonly name?: unknown };
  /** Whether it goes on from one whose connection was lost, in the rooms of that one. */
  readonly recovered?: unknown;
  emit(event: string, data: unknown): unknown;
  once?(event: 'disconnect', listener: () => void): unknown;
}

/** What a socket keeps, however many identities it has had: one listener, one signal, and what the application noted of it. */
class SocketEnd {
  readonly gone = new AbortController();
  readonly labels = new ConnectionLabels();
  current: ForeignClient | undefined;

  constructor(socket: ForeignSocket, faults: FaultLog) {
    containListeners(this.gone.signal, (error) => faults.write('signal', '', error));
    socket.once?.('disconnect', () => {
      this.gone.abort();
      this.current?.replace();
    });
  }
}

/**
 * A socket of another adapter, seen as a connection and a source of messages, with what these are counted by. That adapter
 * keeps its heartbeat and its limits of frames.
 */
export class ForeignClient implements WsConnection, MessageSource {
  readonly connection = this;
  readonly hasAllStreams = false;
  readonly id = randomId();
  readonly path: string;
  readonly origin = undefined;
  readonly subprotocol = undefined;
  readonly openedAt: number;
  #messagesReceived = 0;
  #epoch = 0;
  readonly limits: MessageLimits;
  readonly #violations: MessageViolations;
  readonly #end: SocketEnd;

  constructor(
    private readonly socket: ForeignSocket,
    readonly principal: Principal,
    /** Of the client, as far as it can be believed. */
    readonly address: string,
    readonly engine: MessageEngine,
    /** The same socket under another identity: a renewed token does not start its limits over. */
    before?: ForeignClient,
  ) {
    this.openedAt = engine.clock.now();
    const name = socket.nsp?.name;
    this.path = typeof name === 'string' ? name : '';
    this.#violations = new MessageViolations(engine.parts, this);
    const onReported = (finding: ThrottleFinding): void =>
      void engine.report(this, refusalOfThrottle(finding), undefined, true);
    this.limits = new MessageLimits(
      ...([engine.parts.throttles, engine.settings.throttling, this, onReported] as const),
      before?.limits,
    );
    this.#end = before === undefined ? new SocketEnd(socket, engine.parts.faults) : before.#end;
    this.#end.current = this;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get isOpen(): boolean {
    return this.socket.connected !== false;
  }

  get isExpired(): boolean {
    const { expiresAt } = this.principal;
    return expiresAt !== undefined && this.engine.clock.now() >= expiresAt;
  }

  /** Runs the checks for one call of a handler. @throws {WsRefusalException} when one of them refuses. */
  judge(handler: MessageHandler, payload: unknown): Promise<Message> {
    const call = new ForeignCall(this, handler, payload, ++this.#messagesReceived, this.#end.gone.signal);
    call.run();
    return call.judged;
  }

  /** The socket has another identity now, or none, or is gone: what was judged for this one is judged no more (AZ-15). */
  replace(): void {
    this.#epoch++;
    this.limits.release();
  }

  throttle(now: number, bytes: number): ThrottleFinding | undefined {
    return this.limits.arrive(now, bytes);
  }

  /** The other adapter runs as many handlers at a time as messages come. */
  takeSlot(): boolean {
    return true;
  }

  checkFrame({ bytes }: ForeignCall): Refusal | undefined {
    const { maxMessageBytes } = this.engine.settings.validation;
    return bytes > maxMessageBytes ? { code: 'BAD_MESSAGE', reason: 'message-size' } : undefined;
  }

  decode(call: ForeignCall): Refusal | undefined {
    call.event = call.target.plan.event;
    call.data = call.received;
    return call.payloadRefusal;
  }

  route(call: ForeignCall): MessageHandler {
    return call.target;
  }

  refuse(call: ForeignCall, refusal: Refusal): void {
    call.reject(refusal, this.note(refusal, call.target.plan));
  }

  /** Audits and charges a refusal. @returns the id under which it is audited. */
  note(refusal: Refusal, plan: HandlerPlan): string {
    const correlationId = this.engine.report(this, refusal, plan);
    this.#violations.charge(refusal);
    if (refusal.close !== undefined) this.close(refusal.close);
    return correlationId;
  }

  // What follows belongs to the handler's run, which is the other adapter's.
  releaseSlot(): void {}
  reply(): boolean {
    return true;
  }
  endStream(): boolean {
    return false;
  }
  isRenewed(): boolean {
    return false;
  }
  keepForAbort(): void {}
  forgetAbort(): void {}
  watchAnswer(): () => boolean {
    return () => false;
  }

  get labels(): ReadonlyMap<string, string> {
    return this.#end.labels.all;
  }

  setLabel(name: string, value: string | undefined): void {
    this.#end.labels.set(name, value);
  }

  send(event: string, data?: unknown, options: WsSendOptions = {}): WsSendOutcome {
    if (!this.isOpen) {
      giveUp(data);
      return 'closed';
    }
    const view = this.engine.parts.outputs.prepare('WsConnection.send', event, data, options)(this);
    if (view === undefined) return 'dropped';
    try {
      refuseUnsendable(view.data);
    } catch {
      return 'dropped';
    }
    // Engine.IO takes one packet after the other: it cannot write while an earlier one is on its way.
    const outcome = this.socket.conn?.transport?.writable === false ? 'queued' : 'sent';
    this.socket.emit(event, view.data);
    return outcome;
  }

  close(_code: CloseCodeName): void {
    this.#epoch++;
    endSocket(this.socket, this.engine.parts.faults);
  }
}

/**
 * The address of the client behind a socket of another adapter, found as the module's own adapter finds it: behind a listed
 * proxy everybody has the address of the proxy, and whoever sends much would have all others refused.
 *
 * @returns the address of the peer where a listed proxy wrote what cannot be read; empty where the socket tells none.
 */
export function addressOf({ handshake, request }: ForeignSocket, rules: ProxyRules | undefined): string {
  const { address } = handshake ?? {};
  const remoteAddress = plainAddress(typeof address === 'string' ? address : '');
  if (rules === undefined || !hasHeaders(request)) return remoteAddress;
  const { forwarding } = readRequestHead(request);
  return findClient({ remoteAddress, isEncrypted: false, forwarding }, rules)?.address ?? remoteAddress;
}

function hasHeaders(request: unknown): request is RawRequest {
  return (
    typeof request === 'object' && request !== null && 'rawHeaders' in request && Array.isArray(request.rawHeaders)
  );
}
