import type { ExecutionContext } from '@nestjs/common';
import type { MessageId } from '@secure-ws/protocol';
import { containListeners } from './contained-signal.js';
import type { Principal } from './principal.js';
import type { WsConnection } from './ws-connection.js';

/**
 * One message on its way through the checks, and what they found. It travels as an extra argument of the handler's call
 * and is recognised by `instanceof`: never state on the socket, where two messages would mix.
 */
export abstract class WsMessageContext {
  /** The application's event; empty until the message is routed. */
  event = '';
  id: MessageId | undefined = undefined;
  /** The validated payload, once validation is done. */
  data: unknown = undefined;
  /** The bytes that came with the message; the handler's own once they are judged. */
  binary: Buffer | undefined = undefined;
  /** What the policies granted, in the order in which the handler lists them. */
  grants: readonly unknown[] = NOTHING;
  /** How the application's chain failed, if it did. */
  failure: MessageFailure | undefined = undefined;

  #controller: AbortController | undefined;
  #isAborted = false;
  #abortReason: unknown = undefined;

  constructor(
    readonly connection: WsConnection,
    /** Who sent it; after a refresh of the connection, who its sender is now. */
    public principal: Principal,
  ) {}

  /** Whether nothing has happened to the connection since the message was judged. */
  abstract get isCurrent(): boolean;

  /**
   * Watches what is sent to the client from now on.
   *
   * @returns ends that, and says whether the message was answered: something went out with its `id`.
   */
  abstract watchAnswer(): () => boolean;

  /** Fires when the answer is not wanted any more. Made on first use: an AbortController costs 3.5 us. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      containListeners(this.#controller.signal, (error) => this.onListenerFailed(error));
      // A guard may have waited until after the end: the handler gets a signal that has fired already.
      if (this.#isAborted || !this.isCurrent) this.#controller.abort(this.#abortReason);
      else this.onSignalTaken();
    }
    return this.#controller.signal;
  }

  /**
   * Fires the signal, if anybody took it or takes it later.
   *
   * @param reason what `throwIfAborted()` and the like throw; Node's `AbortError` without one.
   */
  abort(reason?: unknown): void {
    if (!this.#isAborted) this.#abortReason = reason;
    this.#isAborted = true;
    this.#controller?.abort(reason);
  }

  /** Called with what a listener of the signal throws. Must not throw. */
  protected abstract onListenerFailed(error: unknown): void;

  /** Called when somebody takes the signal: whoever runs the message then keeps it, to fire it at the end. */
  protected abstract onSignalTaken(): void;
}

/** The end of an application's chain that threw. */
export interface MessageFailure {
  readonly exception: unknown;
  /**
   * Whether a filter of the application has answered the client; a promise while an asynchronous one still works on it.
   * It never rejects.
   */
  readonly isAnswered: boolean | Promise<boolean>;
  /** Whether the exception is what a filter of the application threw in place of another one, to choose the answer. */
  readonly isChosen?: boolean;
}

const NOTHING: readonly unknown[] = Object.freeze([]);

/**
 * Finds the message context in the arguments of Nest's call: `(client, data, event, context, pattern)`, and elsewhere on
 * other adapters and majors.
 */
export function findMessageContext(args: readonly unknown[]): WsMessageContext | undefined {
  const expected = args[3];
  return expected instanceof WsMessageContext ? expected : args.find((arg) => arg instanceof WsMessageContext);
}

/**
 * Finds the message context in a Nest execution context.
 *
 * @throws TypeError where there is none: the handler was not called through the module.
 */
export function messageContextOf(context: ExecutionContext): WsMessageContext {
  const found = findMessageContext(context.getArgs<unknown[]>());
  if (found === undefined) {
    throw new TypeError('This decorator works in handlers of gateways that SecureWsModule protects.');
  }
  return found;
}
