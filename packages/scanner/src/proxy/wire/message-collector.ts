import { constants, inflateRawSync } from 'node:zlib';
import { OPCODES, type ReceivedFrame } from '../../probe/frames.js';
import { MAX_MESSAGE_BYTES, TooLargeError } from './frame-cutter.js';

const MAX_FRAGMENTS = 10_000;
/** RFC 7692 section 7.2.1. */
const COMPRESSED = 0x40;
/** What a sender of compressed messages leaves out (RFC 7692 section 7.2.2). */
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/** A message on its way, whole. */
export interface PassingMessage {
  /** In the fragments that it came in. */
  readonly frames: readonly ReceivedFrame[];
  readonly isBinary: boolean;
  /** Without compression; `undefined` for what cannot be read: it is passed on, and the other side judges it. */
  readonly data: Buffer | undefined;
  /** Of all frames. */
  readonly rawBytes: number;
}

/** Puts the data frames of one side together. */
export class MessageCollector {
  private fragments: ReceivedFrame[] = [];
  private size = 0;

  /** @param isDeflated whether permessage-deflate was agreed on, for each message by itself. */
  constructor(private readonly isDeflated: boolean) {}

  /** Takes a data frame, and gives the messages that are whole with it. @throws TooLargeError */
  push(frame: ReceivedFrame): readonly PassingMessage[] {
    const isFirst = frame.opcode !== OPCODES.continuation;
    const isBroken = isFirst === this.fragments.length > 0;
    // Two messages in one, or a piece of nothing: what came is passed on as it came.
    const broken = isBroken ? this.take() : [];
    this.fragments.push(frame);
    this.size += frame.payload.length;
    if (this.size > MAX_MESSAGE_BYTES || this.fragments.length > MAX_FRAGMENTS) {
      throw new TooLargeError(`A message of ${this.size} bytes in ${this.fragments.length} fragments.`);
    }
    return frame.isFinal || (isBroken && !isFirst) ? [...broken, ...this.take()] : broken;
  }

  private take(): readonly PassingMessage[] {
    const frames = this.fragments;
    const [first] = frames;
    this.fragments = [];
    this.size = 0;
    if (first === undefined) return [];
    const rawBytes = frames.reduce((sum, { raw }) => sum + raw.length, 0);
    return [{ frames, isBinary: first.opcode !== OPCODES.text, data: this.dataOf(frames, first), rawBytes }];
  }

  private dataOf(frames: readonly ReceivedFrame[], first: ReceivedFrame): Buffer | undefined {
    const isWhole =
      frames.at(-1)?.isFinal === true && [OPCODES.text, OPCODES.binary].some((one) => one === first.opcode);
    const isCompressed = this.isDeflated && first.reserved === COMPRESSED;
    if (!isWhole || (first.reserved !== 0 && !isCompressed)) return undefined;
    const payload = Buffer.concat(frames.map((frame) => frame.payload));
    if (!isCompressed) return payload;
    try {
      const finishFlush = constants.Z_SYNC_FLUSH;
      return inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush, maxOutputLength: MAX_MESSAGE_BYTES });
    } catch {
      return undefined;
    }
  }
}
