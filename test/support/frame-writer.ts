import { randomBytes } from 'node:crypto';

/** The opcodes of RFC 6455 section 5.2. */
export const OPCODES = Object.freeze({ continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 });

/** What a frame looks like; the default is a whole masked text frame. */
export interface FrameShape {
  /** @default 1, text */
  readonly opcode?: number;
  /** @default true */
  readonly fin?: boolean;
  /** The three reserved bits, 0 to 7. @default 0 */
  readonly rsv?: number;
  /** RFC 6455 section 5.1: a client masks. @default true */
  readonly masked?: boolean;
  /** How the length is written; RFC 6455 section 5.2 demands the shortest form. @default 'shortest' */
  readonly length?: 'shortest' | 'two-bytes' | 'eight-bytes';
  /** What the length field says, where it should lie. @default the length of the payload */
  readonly claimedLength?: number;
}

/** Writes one frame of a client, well-formed or not. */
export function clientFrame(payload: string | Buffer, shape: FrameShape = {}): Buffer {
  const { opcode = OPCODES.text, fin = true, rsv = 0, masked = true } = shape;
  const data = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const length = lengthField(shape.claimedLength ?? data.length, shape.length ?? 'shortest', masked);
  if (!masked) return Buffer.concat([Buffer.of(first), length, data]);
  const mask = randomBytes(4);
  const body = Buffer.from(data.map((byte, index) => byte ^ (mask[index % 4] as number)));
  return Buffer.concat([Buffer.of(first), length, mask, body]);
}

/** Writes a message in `count` fragments of about the same size. */
export function clientFragments(payload: string | Buffer, count: number, opcode: number = OPCODES.text): Buffer[] {
  const data = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const size = Math.ceil(data.length / count);
  return Array.from({ length: count }, (_, index) =>
    clientFrame(data.subarray(index * size, (index + 1) * size), {
      opcode: index === 0 ? opcode : OPCODES.continuation,
      fin: index === count - 1,
    }),
  );
}

/** The payload of a Close frame. */
export function closePayload(code: number, reason = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

function lengthField(length: number, form: 'shortest' | 'two-bytes' | 'eight-bytes', masked: boolean): Buffer {
  const maskBit = masked ? 0x80 : 0;
  if (form === 'shortest' && length < 126) return Buffer.of(maskBit | length);
  if (form === 'two-bytes' || (form === 'shortest' && length < 65_536)) {
    const field = Buffer.of(maskBit | 126, 0, 0);
    field.writeUInt16BE(length, 1);
    return field;
  }
  const field = Buffer.alloc(9);
  field[0] = maskBit | 127;
  field.writeBigUInt64BE(BigInt(length), 1);
  return field;
}
