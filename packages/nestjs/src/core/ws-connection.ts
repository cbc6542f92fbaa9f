import { createParamDecorator } from '@nestjs/common';
import type { CloseCodeName } from '@secure-ws/protocol';
import type { Principal } from './principal.js';
import type { WsSendOptions } from './output.js';
import { messageContextOf } from './message-context.js';

/**
 * What became of a message that the application sends:
 *
 * - `sent`: nothing waits for this client, and the operating system gets it in this turn of the event loop;
 * - `queued`: the client has not read what was sent before, and it waits behind that in this process;
 * - `dropped`: it was not sent. It cannot be serialised, is not what `as` declares (the log says why), or is larger than
 *   `lifecycle.maxOutboundBytes`;
 * - `closed`: the connection is not open any more.
 *
 * Neither `sent` nor `queued` says that the client has read it: only an answer of the client does.
 */
export type WsSendOutcome = 'sent' | 'queued' | 'dropped' | 'closed';

/** One accepted socket and what the module knows of it. */
export interface WsConnection {
  /** 128 random bits, base64url. */
  readonly id: string;
  /** Who is connected. */
  readonly principal: Principal;
  /** The path of the gateway. */
  readonly path: string;
  /** The address of the client. */
  readonly address: string;
  /** The page's origin, if a browser connected. */
  readonly origin: string | undefined;
  /** What was negotiated; `undefined` is plain JSON. */
  readonly subprotocol: string | undefined;
  /** When it was accepted, in milliseconds since 1970. */
  readonly openedAt: number;
  /** Raised by whatever changes what the connection may do: a message that was judged under another epoch is dropped. */
  readonly epoch: number;
  /** Whether messages are still handled and sent. */
  readonly isOpen: boolean;
  /** What the application has noted of it with {@link setLabel}, as it is now. */
  readonly labels: ReadonlyMap<string, string>;

  /**
   * Notes something of this connection, such as the room that it is in: `find()`, `send()` and `disconnect()` of
   * `WsConnectionLifecycleService` find it by that, and `figures()` shows it. It is the server's alone, and no client sees it.
   *
   * @param name 1 to 64 letters, digits and `. _ -`, a letter first.
   * @param value 1 to 256 characters, none of them a control character; `undefined` removes the label.
   * @throws TypeError for any other name or value; RangeError for a 17th label.
   */
  setLabel(name: string, value: string | undefined): void;

  /**
   * Sends `{ event, data }` to the client.
   *
   * @param options `{ as: TheDto }` sends only what an output DTO exposes, to whom it exposes it.
   * @returns what became of it. None of the four is falsy: compare with the one that is meant.
   * @throws TypeError for the event `error`, and for one that begins with `$`: clients would take it for the module's.
   */
  send(event: string, data?: unknown, options?: WsSendOptions): WsSendOutcome;

  /**
   * Closes the connection with a code of the catalogue. The first close decides; later ones do nothing.
   *
   * @param retryAfterMs the hint that goes into the close reason.
   */
  close(code: CloseCodeName, retryAfterMs?: number): void;
}

/** How a connection ended. A gateway's `handleDisconnect(client, code, connection, close)` gets it. */
export interface WsClose {
  /** The name of the code in the catalogue; `undefined` for a code of nobody, and where none was sent. */
  readonly name: CloseCodeName | undefined;
  /** What the client sent or answered; 1005 without a code, 1006 without a close. */
  readonly code: number;
  /** Who ended it. */
  readonly initiator: 'server' | 'client' | 'network';
}

/**
 * Gives a handler its {@link WsConnection}.
 *
 * @throws TypeError outside a handler of a gateway that the module protects.
 */
// Both spelt out: the inferred type would name ParameterDecoratorOptions, which Nest 11 does not export.
export const WsConnection: () => ParameterDecorator = createParamDecorator<undefined>(
  (_, context): WsConnection => messageContextOf(context).connection,
);

/**
 * Gives a handler an `AbortSignal` that fires when its answer is not wanted any more: the connection closed, the handler's
 * time is over, or its sender has lost by `$auth` or revalidation what it needs (the reason is a `WsRefusalException` then;
 * not through another adapter such as Socket.IO). A listener of it must not throw: Node ends the process for that, whoever
 * fired the signal.
 *
 * Pass it to `fetch`, a database driver or a stream.
 *
 * @throws TypeError outside a handler of a gateway that the module protects.
 */
export const WsAbortSignal: () => ParameterDecorator = createParamDecorator<undefined>(
  (_, context): AbortSignal => messageContextOf(context).signal,
);
