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
  const body = isMasked ? bytes.map((byte, index) => byte ^ (mask[index & 3] ?? 0)) : bytes;
  return Buffer.concat([head, mask, body]);
}

/** A frame that a server sent. */
export interface ReceivedFrame {
  readonly opcode: number;
  readonly payload: Buffer;
  /** How many bytes it took. */
  readonly length: number;
}

/** Reads the frame that a buffer begins with; `undefined` where it is not whole yet. */
export function readFrame(bytes: Buffer): ReceivedFrame | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < start) return undefined;
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < start + size) return undefined;
  return { opcode: first & 0x0f, payload: bytes.subarray(start, start + size), length: start + size };
}
