import type { ExecutionContext } from '@nestjs/common';
import type { MessageId } from '@secure-ws/protocol';
import type { Principal } from './principal.js';
import type { WsConnection } from './ws-connection.js';
import type { Deadline } from './deadline-list.js';

/**
 * One message on its way through the checks, and what they found. It travels as an extra argument of the handler's call
 * and is recognised by `instanceof`: never state on the socket, where two messages would mix.
 */
export class WsMessageContext implements Deadline {
  /** The validated payload, once validation is done. */
  data: unknown = undefined;
  /** What the policies granted, in the order in which the handler lists them. */
  grants: readonly unknown[] = NOTHING;
  /** How the application's chain failed, if it did: with an exception for us, or one that its own filter answered. */
  failure: MessageFailure | undefined = undefined;
  /** Whether the module's own pipeline runs it, and answers. */
  readonly isPiped: boolean = false;
  /** Set once a reply was sent or the message was dropped; a late result does nothing. */
  isSettled = false;

  #controller: AbortController | undefined;

  // The links and the due time of a DeadlineList: a deadline costs a message no allocation.
  due = 0;
  previous: Deadline | undefined = undefined;
  next: Deadline | undefined = undefined;

  constructor(
    readonly connection: WsConnection,
    readonly principal: Principal,
    readonly event: string,
    readonly id: MessageId | undefined,
    /** The connection's epoch when the message was judged. */
    readonly epoch: number,
  ) {}

  /** Fires when the answer is not wanted any more. Made on first use: an AbortController costs 3.5 us. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.onSignalTaken();
    }
    return this.#controller.signal;
  }

  /** Fires the signal, if anybody took it. */
  abort(): void {
    this.#controller?.abort();
  }

  /** Called when somebody takes the signal: whoever runs the message then keeps it, to fire it at the end. */
  protected onSignalTaken(): void {
    // A context by itself has nobody to tell.
  }
}

/** The end of an application's chain that threw. */
export interface MessageFailure {
  readonly exception: unknown;
  /** Whether a filter of the application took it. */
  readonly isAnswered: boolean;
}

const NOTHING: readonly unknown[] = Object.freeze([]);

/**
 * Finds the message context in a Nest execution context.
 *
 * @throws TypeError where there is none: the handler was not called through the module.
 */
export function messageContextOf(context: ExecutionContext): WsMessageContext {
  // `(client, data, event, context, pattern)`: found by instanceof, since Nest 11 and 12 append in different places.
  const args = context.getArgs<unknown[]>();
  const found = args[3] instanceof WsMessageContext ? args[3] : args.find((arg) => arg instanceof WsMessageContext);
  if (found === undefined) {
    throw new TypeError('This decorator works in handlers of gateways that SecureWsModule protects.');
  }
  return found;
}
