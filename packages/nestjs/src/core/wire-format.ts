import type { JsonLimits, JsonRefusal } from './safe-json.js';

/** What messages are written in, in place of JSON. */
export type CodecName = 'msgpack' | 'cbor';

/** A decoded message; of bytes that it carries beside its values there is at most one piece. */
export type WireResult = { readonly ok: true; readonly value: unknown; readonly bytes?: Uint8Array } | JsonRefusal;

/** Reads and writes messages that are no JSON, with the values that JSON has. */
export interface WireCodec {
  /** Decodes one message of a client, under the limits of JSON and with its refusals. Never throws. */
  decode(frame: Buffer, limits: JsonLimits, mayHaveBytes: boolean): WireResult;
  /** Writes what stands in a JSON text: whatever JSON makes of a value holds here too. */
  encode(json: string): Uint8Array;
}

/** What was negotiated for the messages of a connection. It never changes after the handshake (MV-19). */
export interface WireFormat {
  /** `undefined` where the client offered none: the same as `json.v1`. */
  readonly subprotocol: string | undefined;
  /** Whether the client speaks the module's own `$` events. */
  readonly hasModuleEvents: boolean;
  /** `undefined` for JSON. With one, messages are binary frames in both directions. */
  readonly codec: WireCodec | undefined;
}

/** What a client speaks that offered no subprotocol. */
export const PLAIN_JSON: WireFormat = Object.freeze({
  subprotocol: undefined,
  hasModuleEvents: false,
  codec: undefined,
});

/** How large messages may be, by their kind of frame, in bytes; 0 where there are none. */
export interface FrameLimits {
  readonly text: number;
  readonly binary: number;
}

/** The longest envelope in front of the bytes of a binary message of a JSON subprotocol, with its length; in bytes. */
const MAX_BINARY_HEAD = 2 + 0xff_ff;

/**
 * How large the messages of a connection may be.
 *
 * @param maxMessageBytes what holds for a message without bytes.
 * @param maxBytes how many bytes it may carry beside its values; 0 where it may carry none.
 */
export function frameLimits({ codec }: WireFormat, maxMessageBytes: number, maxBytes: number): FrameLimits {
  if (codec !== undefined) return { text: 0, binary: maxMessageBytes + maxBytes };
  const head = Math.min(maxMessageBytes + 2, MAX_BINARY_HEAD);
  return { text: maxMessageBytes, binary: maxBytes === 0 ? 0 : head + maxBytes };
}
