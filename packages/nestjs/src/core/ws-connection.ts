import { createParamDecorator } from '@nestjs/common';
import type { CloseCodeName, Subprotocol } from '@secure-ws/protocol';
import type { Principal } from './principal.js';
import { messageContextOf } from './message-context.js';

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
  readonly subprotocol: Subprotocol | undefined;
  /** When it was accepted, in milliseconds since 1970. */
  readonly openedAt: number;
  /** Raised by whatever changes what the connection may do: a message that was judged under another epoch is dropped. */
  readonly epoch: number;
  /** Whether messages are still handled and sent. */
  readonly isOpen: boolean;

  /**
   * Sends `{ event, data }` to the client.
   *
   * @returns `false` when the connection is not open any more, or `data` cannot be serialised or is larger than
   * `lifecycle.maxOutboundBytes`.
   */
  send(event: string, data?: unknown): boolean;

  /**
   * Closes the connection with a code of the catalogue. The first close decides; later ones do nothing.
   *
   * @param retryAfterMs the hint that goes into the close reason.
   */
  close(code: CloseCodeName, retryAfterMs?: number): void;
}

/**
 * Gives a handler its {@link WsConnection}.
 *
 * @throws TypeError outside a handler of a gateway that the module protects.
 */
// Spelt out: the inferred type would name ParameterDecoratorOptions, which Nest 11 does not export.
export const WsConnection: () => ParameterDecorator = createParamDecorator<undefined>(
  (_, context): WsConnection => messageContextOf(context).connection,
);
