import { cutFrame, MAX_HEAD_BYTES, type ReceivedFrame } from '../../probe/frames.js';

/** The largest frame, and the largest message, that goes through: 16 MiB. */
export const MAX_MESSAGE_BYTES = 16_777_216;

/** A side sent more than goes through. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** Opcodes from 8 on are of control frames (RFC 6455 section 5.5). */
export function isControl({ opcode }: ReceivedFrame): boolean {
  return opcode >= 8;
}

/** Cuts what one side sends into frames, and judges none of them: the other side does. */
export class FrameCutter {
  private chunks: Buffer[] = [];
  private size = 0;
  private needed = 2;

  /** Takes bytes, and gives the frames that are whole with them. @throws TooLargeError */
  push(chunk: Buffer): readonly ReceivedFrame[] {
    this.chunks.push(chunk);
    this.size += chunk.length;
    const frames: ReceivedFrame[] = [];
    // Joined when there is something to cut alone: a large frame comes in hundreds of pieces.
    while (this.size >= this.needed) {
      const bytes = Buffer.concat(this.chunks);
      let start = 0;
      for (;;) {
        const { frame, needed } = cutFrame(bytes.subarray(start));
        // As soon as its head says so, and long before it is there.
        if (needed > MAX_MESSAGE_BYTES + MAX_HEAD_BYTES) throw new TooLargeError(`A frame of about ${needed} bytes.`);
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
