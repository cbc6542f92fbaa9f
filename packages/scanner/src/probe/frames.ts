import { randomBytes } from 'node:crypto';

/** The opcodes of RFC 6455 section 5.2. */
export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A frame to write, right or wrong. */
export interface FrameShape {
  readonly opcode: number;
  readonly payload?: Buffer | string;
  /** @default true */
  readonly isFinal?: boolean;
  /** RFC 6455 section 5.3 wants every frame of a client masked. @default true */
  readonly isMasked?: boolean;
  /** The reserved bits as they stand in the first byte: 0x40, 0x20, 0x10. @default 0 */
  readonly reserved?: number;
}

/** Writes a frame. */
export function writeFrame({
  opcode,
  payload = '',
  isFinal = true,
  isMasked = true,
  reserved = 0,
}: FrameShape): Buffer {
  const bytes = Buffer.from(payload as string);
  const mask = isMasked ? randomBytes(4) : Buffer.alloc(0);
  const short = bytes.length > 65_535 ? 127 : bytes.length > 125 ? 126 : bytes.length;
  const head = Buffer.alloc(short === 127 ? 10 : short === 126 ? 4 : 2);
  head[0] = (isFinal ? 0x80 : 0) | reserved | opcode;
  head[1] = (isMasked ? 0x80 : 0) | short;
  if (short === 126) head.writeUInt16BE(bytes.length, 2);
  if (short === 127) head.writeBigUInt64BE(BigInt(bytes.length), 2);
  return Buffer.concat([head, mask, isMasked ? masked(bytes, mask) : bytes]);
}

/** A frame that came, right or wrong. */
export interface ReceivedFrame {
  /** As it came, with its mask. */
  readonly raw: Buffer;
  readonly opcode: number;
  readonly isFinal: boolean;
  /** The reserved bits as they stand in the first byte: 0x40 says that a message is compressed (RFC 7692). */
  readonly reserved: number;
  /** Without its mask. */
  readonly payload: Buffer;
}

/** The largest head: the first two bytes, a length of eight, a mask. */
export const MAX_HEAD_BYTES = 14;

/** Reads the frame that a buffer begins with. @returns how many bytes are needed for it, or for the next one behind it. */
export function cutFrame(bytes: Buffer): { readonly frame?: ReceivedFrame; readonly needed: number } {
  if (bytes.length < 2) return { needed: 2 };
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const isMasked = (second & 0x80) !== 0;
  const lengthEnd = short === 126 ? 4 : short === 127 ? 10 : 2;
  const start = lengthEnd + (isMasked ? 4 : 0);
  if (bytes.length < start) return { needed: start };
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < start + size) return { needed: start + size };
  const raw = bytes.subarray(0, start + size);
  const payload = raw.subarray(start);
  return {
    needed: 2,
    frame: {
      raw,
      opcode: first & 0x0f,
      isFinal: (first & 0x80) !== 0,
      reserved: first & 0x70,
      payload: isMasked ? masked(payload, raw.subarray(lengthEnd, start)) : payload,
    },
  };
}

/** RFC 6455 section 5.3: the same once more is the payload without the mask. */
function masked(payload: Buffer, mask: Buffer): Buffer {
  const other = Buffer.allocUnsafe(payload.length);
  for (let index = 0; index < payload.length; index++) other[index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  return other;
}
