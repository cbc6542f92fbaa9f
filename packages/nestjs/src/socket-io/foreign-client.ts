import type { CloseCodeName } from '@secure-ws/protocol';
import { addressKey } from '../core/address-key.js';
import { randomId } from '../core/identifier.js';
import type { Principal } from '../core/principal.js';
import type { WsConnection } from '../core/ws-connection.js';
import type { MessageEngine } from '../messages/message-engine.js';
import type { HandlerPlan } from '../messages/message.js';
import { MessageViolations } from '../messages/message-violations.js';
import { ConnectionThrottle } from '../throttling/connection-throttle.js';
import type { PrincipalThrottle } from '../throttling/principal-throttles.js';

/** What is used of a socket of another adapter. */
export interface ForeignSocket {
  readonly connected?: boolean;
  readonly handshake?: { readonly address?: unknown };
  readonly nsp?: { readonly name?: unknown };
  emit(event: string, data: unknown): unknown;
  once?(event: 'disconnect', listener: () => void): unknown;
  disconnect?(close?: boolean): unknown;
}

/**
 * A socket of another adapter, seen as a connection, with what its messages are counted by. That adapter keeps its
 * heartbeat and its limits of frames.
 */
export class ForeignClient implements WsConnection {
  readonly id = randomId();
  readonly path: string;
  readonly address: string;
  readonly origin = undefined;
  readonly subprotocol = undefined;
  /** How many messages have come. */
  messagesReceived = 0;
  #epoch = 0;
  readonly #throttle: ConnectionThrottle;
  readonly #principalThrottle: PrincipalThrottle;
  readonly violations: MessageViolations;
  readonly openedAt: number;
  readonly #gone = new AbortController();

  constructor(
    private readonly socket: ForeignSocket,
    readonly principal: Principal,
    engine: MessageEngine,
    /** The same socket under another identity: a renewed token does not start its limits over. */
    before?: ForeignClient,
  ) {
    this.openedAt = engine.clock.now();
    const { address } = socket.handshake ?? {};
    this.address = typeof address === 'string' ? addressKey(address).replace('address:', '') : '';
    const name = socket.nsp?.name;
    this.path = typeof name === 'string' ? name : '';
    this.violations = new MessageViolations(engine.parts, this);
    this.#throttle = before === undefined ? new ConnectionThrottle(engine.settings.throttling) : before.#throttle;
    this.#principalThrottle = engine.parts.principals.obtain(principal);
    // One listener for a socket, however many messages it sends.
    socket.once?.('disconnect', () => {
      this.#epoch++;
      this.#gone.abort();
      engine.parts.principals.release(this.#principalThrottle);
    });
  }

  get epoch(): number {
    return this.#epoch;
  }

  get isOpen(): boolean {
    return this.socket.connected !== false;
  }

  /** The socket has another identity now, or none: what was judged for this one is judged no more (AZ-15). */
  replace(): void {
    this.#epoch++;
  }

  /** Fires when the socket is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  throttle(now: number, bytes: number): number {
    return this.#throttle.hit(now, bytes);
  }

  throttlePrincipal(now: number): number {
    return this.#principalThrottle.hit(now);
  }

  throttleEvent(plan: HandlerPlan, now: number): number {
    return this.#principalThrottle.windowsOf(plan).hit(now);
  }

  send(event: string, data?: unknown): boolean {
    if (!this.isOpen) return false;
    this.socket.emit(event, data);
    return true;
  }

  close(_code: CloseCodeName): void {
    this.#epoch++;
    this.socket.disconnect?.(true);
  }
}
