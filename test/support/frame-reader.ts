import { OPCODES } from './frame-writer.js';

/** A frame from the server. */
export interface ServerFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Cuts the bytes of a server into frames. */
export class FrameReader {
  #buffer: Buffer = Buffer.alloc(0);

  /** Takes bytes, and gives the frames that are complete with them. @throws Error for a masked frame (RFC 6455 5.1) */
  push(bytes: Buffer): ServerFrame[] {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    const frames: ServerFrame[] = [];
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) frames.push(frame);
    return frames;
  }

  #take(): ServerFrame | undefined {
    const buffer = this.#buffer;
    if (buffer.length < 2) return undefined;
    const [first, second] = [buffer.readUInt8(0), buffer.readUInt8(1)];
    if ((second & 0x80) !== 0) throw new Error('The server sent a masked frame.');
    const short = second & 0x7f;
    const headSize = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (buffer.length < headSize) return undefined;
    const length = short === 126 ? buffer.readUInt16BE(2) : short === 127 ? Number(buffer.readBigUInt64BE(2)) : short;
    const end = headSize + length;
    if (buffer.length < end) return undefined;
    this.#buffer = buffer.subarray(end);
    return {
      fin: (first & 0x80) !== 0,
      rsv: (first >> 4) & 7,
      opcode: first & 0x0f,
      payload: buffer.subarray(headSize, end),
    };
  }
}

/** The code of a Close frame; 1005 when it has none (RFC 6455 7.1.5). */
export function closeCodeOf({ opcode, payload }: ServerFrame): number {
  if (opcode !== OPCODES.close) throw new Error(`Expected a Close frame, and got one with opcode ${opcode}.`);
  return payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
}
