import { isUtf8 } from 'node:buffer';
import { decodeJson } from '../core/safe-json.js';
import type { FrameLimits, WireFormat, WireResult } from '../core/wire-format.js';
import { readEnvelope } from './envelope.js';
import type { Message } from './message.js';
import type { MessageEngine } from './message-engine.js';
import type { Refusal } from './refusal.js';

/** How many bytes say how long the envelope is: an unsigned number, big-endian. */
const LENGTH_BYTES = 2;

/** The two parts of a binary message of a JSON subprotocol. */
interface BinaryFrame {
  /** The JSON text of the envelope. */
  readonly envelope: string;
  /** What stands behind it; a view of the frame. */
  readonly bytes: Buffer;
}

/** Fragments and sizes are the receiver's matter: this is said again where a frame got past it (MV-19). */
export function checkFrame({ isBinary, bytes }: Message, { text, binary }: FrameLimits): Refusal | undefined {
  const most = isBinary ? binary : text;
  if (most === 0) {
    const reason = isBinary ? 'binary-frame' : 'text-frame';
    return { code: 'BAD_MESSAGE', reason, close: 'UNSUPPORTED_DATA' };
  }
  return bytes > most ? { code: 'BAD_MESSAGE', reason: 'message-size' } : undefined;
}

/** Decodes what arrived in what was negotiated, and reads its envelope. */
export function decodeMessage(
  message: Message,
  { codec }: WireFormat,
  { settings: { validation }, maxBytes }: Pick<MessageEngine, 'settings' | 'maxBytes'>,
): Refusal | undefined {
  const frame = message.received as Buffer;
  let decoded: WireResult | undefined;
  if (codec !== undefined) decoded = codec.decode(frame, validation, maxBytes > 0);
  else if (!message.isBinary) decoded = decodeJson(frame.toString(), validation);
  else {
    const parts = readBinaryFrame(frame);
    if (parts === undefined) return { code: 'BAD_MESSAGE', reason: 'envelope' };
    const head = decodeJson(parts.envelope, validation);
    decoded = head.ok ? { ...head, bytes: parts.bytes } : head;
  }
  if (!decoded.ok) return { code: 'BAD_MESSAGE', reason: `json-${decoded.reason}` };
  const { value, bytes } = decoded;
  // What holds for a text message holds for everything but the bytes; the length in front of an envelope is nobody's.
  if (message.isBinary && frame.length - (bytes?.length ?? 0) > validation.maxMessageBytes + LENGTH_BYTES) {
    return { code: 'BAD_MESSAGE', reason: 'message-size' };
  }
  if (!readEnvelope(value, message)) return { code: 'BAD_MESSAGE', reason: 'envelope' };
  if (bytes !== undefined) message.binary = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return undefined;
}

/**
 * Takes a binary message apart: two bytes with the length of the envelope, the envelope as JSON in UTF-8, and the bytes. One
 * frame has all of it, so that nothing has to wait for its other half, or can be put together from two messages.
 *
 * @returns `undefined` where it is not built like that, or the text is no UTF-8 (`ws` looks at text frames only).
 */
function readBinaryFrame(frame: Buffer): BinaryFrame | undefined {
  if (frame.length < LENGTH_BYTES) return undefined;
  const end = LENGTH_BYTES + frame.readUInt16BE(0);
  if (end > frame.length) return undefined;
  const text = frame.subarray(LENGTH_BYTES, end);
  return isUtf8(text) ? { envelope: text.toString(), bytes: frame.subarray(end) } : undefined;
}

/** The `id` of a frame that a filter of the application has sent, whatever else it is. */
export function idOf(data: unknown, { codec }: WireFormat): unknown {
  const frame = typeof data === 'string' ? parse(data) : ArrayBuffer.isView(data) ? read(data, codec) : undefined;
  return typeof frame === 'object' && frame !== null && 'id' in frame ? frame.id : undefined;
}

/** The application's own messages are large at most. */
const OF_OURS = { maxDepth: 64, maxKeys: 100_000, maxNodes: 1_000_000 };

function read({ buffer, byteOffset, byteLength }: ArrayBufferView, codec: WireFormat['codec']): unknown {
  const decoded = codec?.decode(Buffer.from(buffer, byteOffset, byteLength), OF_OURS, false);
  return decoded?.ok === true ? decoded.value : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
