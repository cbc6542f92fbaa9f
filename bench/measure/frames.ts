const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const FINAL = 0x80;
const MASKED = 0x80;

/** Opcodes of RFC 6455 section 5.2 that the load client meets. */
export const OPCODES = Object.freeze({ TEXT, CLOSE, PING, PONG });

/** One frame from the server. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Writes one masked, final frame (RFC 6455 section 5.2) of at most 64 KiB. */
export function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const extended = payload.length > 125;
  const header = Buffer.alloc((extended ? 4 : 2) + 4);
  header[0] = FINAL | opcode;
  header[1] = MASKED | (extended ? 126 : payload.length);
  if (extended) header.writeUInt16BE(payload.length, 2);
  const mask = Buffer.from([0x1b, 0x2d, 0x3f, 0x4a]);
  mask.copy(header, header.length - 4);
  const masked = payload.map((byte, index) => byte ^ (mask[index & 3] ?? 0));
  return Buffer.concat([header, masked]);
}

/** Cuts what a server sends into frames. Our servers send whole, short messages: no fragments, nothing above 64 KiB. */
export class FrameReader {
  private rest: Buffer = Buffer.alloc(0);

  /** Takes what arrived, and gives the frames that it completed. */
  push(chunk: Buffer): Frame[] {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      const frame = readFrame(bytes);
      if (frame === undefined) break;
      frames.push({ opcode: frame.opcode, payload: frame.payload });
      bytes = bytes.subarray(frame.end);
    }
    this.rest = bytes;
    return frames;
  }
}

function readFrame(bytes: Buffer): (Frame & { readonly end: number }) | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const extended = short === 126;
  if (extended && bytes.length < 4) return undefined;
  const start = extended ? 4 : 2;
  const end = start + (extended ? bytes.readUInt16BE(2) : short);
  if (bytes.length < end) return undefined;
  return { opcode: bytes.readUInt8(0) & 0x0f, payload: bytes.subarray(start, end), end };
}
