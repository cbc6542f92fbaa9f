/** The largest frame, and the largest message, that goes through: 16 MiB. */
export const MAX_MESSAGE_BYTES = 16_777_216;

/** A side sent more than goes through. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** A frame on its way, right or wrong. */
export interface PassingFrame {
  /** As it came, with its mask. */
  readonly raw: Buffer;
  readonly opcode: number;
  readonly isFinal: boolean;
  /** The reserved bits as they stand in the first byte: 0x40 says that a message is compressed (RFC 7692). */
  readonly reserved: number;
  /** Without its mask. */
  readonly payload: Buffer;
}

/** Opcodes from 8 on are of control frames (RFC 6455 section 5.5). */
export function isControl({ opcode }: PassingFrame): boolean {
  return opcode >= 8;
}

/** Cuts what one side sends into frames, and judges none of them: the other side does. */
export class FrameCutter {
  private chunks: Buffer[] = [];
  private size = 0;
  private needed = 2;

  /** Takes bytes, and gives the frames that are whole with them. @throws TooLargeError */
  push(chunk: Buffer): readonly PassingFrame[] {
    this.chunks.push(chunk);
    this.size += chunk.length;
    const frames: PassingFrame[] = [];
    // Joined when there is something to cut alone: a large frame comes in hundreds of pieces.
    while (this.size >= this.needed) {
      const bytes = Buffer.concat(this.chunks);
      let start = 0;
      for (;;) {
        const { frame, needed } = cut(bytes.subarray(start));
        this.needed = needed;
        if (frame === undefined) break;
        frames.push(frame);
        start += frame.raw.length;
        if (bytes.length - start < needed) break;
      }
      this.chunks = [bytes.subarray(start)];
      this.size = bytes.length - start;
    }
    return frames;
  }
}

function cut(bytes: Buffer): { readonly frame?: PassingFrame; readonly needed: number } {
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const isMasked = (second & 0x80) !== 0;
  const lengthEnd = short === 126 ? 4 : short === 127 ? 10 : 2;
  const start = lengthEnd + (isMasked ? 4 : 0);
  if (bytes.length < start) return { needed: start };
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (size > MAX_MESSAGE_BYTES) throw new TooLargeError(`A frame of ${size} bytes.`);
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
      payload: isMasked ? unmasked(payload, raw.subarray(lengthEnd, start)) : payload,
    },
  };
}

function unmasked(payload: Buffer, mask: Buffer): Buffer {
  const plain = Buffer.allocUnsafe(payload.length);
  for (let index = 0; index < payload.length; index++) plain[index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  return plain;
}
