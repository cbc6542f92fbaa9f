import type { CloseCodeName } from '@secure-ws/protocol';
import type { OwaspEventName } from './owasp-event-name.js';

/** Which side ended a connection. */
export type CloseInitiator = 'server' | 'client' | 'network';

/** Who a connection belongs to, and where it came from. */
interface ConnectionFacts {
  readonly connectionId: string;
  readonly path: string;
  readonly address: string;
  readonly principal: string;
  readonly origin?: string;
  /** How the identity was proved: the authenticator's kind, and where the credential stood. */
  readonly method?: string;
}

/** A connection whose `handleConnection` hooks are about to run. */
export interface ConnectionOpenedEvent extends ConnectionFacts {
  readonly type: 'ws.connection.opened';
  readonly owasp: 'session_created';
}

/** A connection that ended. A client that did not read fast enough is the reason `SLOW_CONSUMER`. */
export interface ConnectionClosedEvent extends ConnectionFacts {
  readonly type: 'ws.connection.closed';
  /** Absent where nothing was wrong with the end. */
  readonly owasp?: OwaspEventName;
  /** The code that this server sent; absent when the peer or the network ended the connection. */
  readonly codeSent?: number;
  readonly reason?: CloseCodeName;
  /** The code that `ws` reported: 1006 for everything that had no Close frame from the peer. */
  readonly codeSeen: number;
  readonly initiator: CloseInitiator;
  readonly durationMs: number;
  readonly messagesReceived: number;
  readonly bytesReceived: number;
}

/** Violations above the budget: the connection ends with 1008, and the next handshakes of who caused them wait. */
export interface ViolationsExceededEvent extends ConnectionFacts {
  readonly type: 'ws.violations.exceeded';
  readonly owasp: 'excess_rate_limit_exceeded';
  /** Whom they are charged to: an authenticated principal, else the address. */
  readonly chargedTo: 'principal' | 'address';
  /** What was reached, where `throttling.violations.budget` is the limit. */
  readonly score: number;
}
