import type { CloseCodeName } from '@secure-ws/protocol';
import type { Principal } from '../core/principal.js';
import { randomId } from '../core/identifier.js';
import type { WsConnection } from '../core/ws-connection.js';

/** What is used of a socket of another adapter. */
export interface ForeignSocket {
  readonly connected?: boolean;
  emit(event: string, data: unknown): unknown;
  disconnect?(close?: boolean): unknown;
}

/** A socket of another adapter, seen as a connection. That adapter keeps its heartbeat and its limits. */
export class ForeignConnection implements WsConnection {
  readonly id = randomId();
  readonly path = '';
  readonly address = '';
  readonly origin = undefined;
  readonly subprotocol = undefined;
  readonly epoch = 0;

  constructor(
    private readonly socket: ForeignSocket,
    readonly principal: Principal,
    readonly openedAt: number,
  ) {}

  get isOpen(): boolean {
    return this.socket.connected !== false;
  }

  send(event: string, data?: unknown): boolean {
    if (!this.isOpen) return false;
    this.socket.emit(event, data);
    return true;
  }

  close(_code: CloseCodeName): void {
    this.socket.disconnect?.(true);
  }
}
