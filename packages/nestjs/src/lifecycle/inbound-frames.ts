import type { Duplex } from 'node:stream';
import type { FrameLimits } from '../core/wire-format.js';
import { type Receive, takeDataPath } from '../nest/ws-data-path.js';

/** How many control frames a peer may send at once. An honest one answers a ping every 25 s, and pings now and then. */
export const CONTROL_BURST = 40;

/** How many control frames a second it may send for long. */
export const CONTROL_PER_SECOND = 20;

/** How much a peer may go on sending after this side's close before it is not read any more, in bytes. */
export const AFTER_CLOSE_BYTES = 65_536;

/** What a frame is refused for. */
export type FrameFault =
  | 'binary-frame'
  | 'text-frame'
  | 'message-size'
  | 'control-flood'
  | 'broken-frame'
  | 'early-bytes'
  | 'unfinished-bytes';

/** Is told what the frames of a connection are like. */
export interface FrameWatch {
  /** Whether this side has closed the connection. */
  readonly isClosing: boolean;
  /** Monotonic milliseconds. */
  now(): number;
  /** A frame breaks a rule: neither it nor anything after it is passed on. */
  onFault(fault: FrameFault): void;
  /** A message or a frame has begun and not ended. */
  onUnfinished(since: number): void;
  /** So many bytes of the unfinished message are kept; 0 once it is whole. */
  onHeld(bytes: number): void;
  /** The peer goes on sending after the close: it is not read any more. */
  onCutOff(): void;
}

/** RSV1 to RSV3. */
const RESERVED_BITS = 0x70;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;

/**
 * Reads the frame headers of a client before `ws` does, and decides what `ws` gets to see. It refuses what `ws` takes:
 * floods of control frames, lengths that are not the shortest (RFC 6455 section 5.2), a binary message at its first frame
 * instead of after its last. It knows since when a message is unfinished, and passes nothing on once this side has failed
 * the connection (section 7.1.7). Payloads are not looked at.
 */
export class InboundFrames {
  readonly #receive: Receive;
  /** Bytes of the header that were read; 0 between two frames and inside a payload. */
  #headerRead = 0;
  /** How many bytes tell the length, behind the first two. */
  #lengthBytes = 0;
  #length = 0;
  #isMasked = false;
  #isFinal = true;
  #opcode = 0;
  #isInPayload = false;
  /** Bytes of mask and payload that are still to come. */
  #left = 0;
  #isFragmented = false;
  /** Of the message that is arriving, as far as its headers say, and how many there may be. */
  #messageBytes = 0;
  #maxBytes = 0;
  #hasBegun = false;
  #fault: FrameFault | undefined;
  #isOver = false;
  #controlTokens = CONTROL_BURST;
  #controlAt = 0;
  #overheadBytes = 0;
  #bytesAfterClose = 0;
  #unfinishedSince = Infinity;
  /** How much more may come, in bytes: little before the client has said who it is. */
  allowance = Infinity;

  /** @throws Error where `ws` does not read from the socket. */
  constructor(
    private readonly socket: Duplex,
    private readonly watch: FrameWatch,
    /** What is spoken; another one holds from the next message. */
    public limits: FrameLimits,
  ) {
    const receive = takeDataPath(socket, (chunk) => this.#onData(chunk));
    if (receive === undefined) throw new Error('ws does not read from the socket that it was given.');
    this.#receive = receive;
  }

  /** Since when a message has been arriving, in monotonic milliseconds; `Infinity` when none is. */
  get unfinishedSince(): number {
    return this.#unfinishedSince;
  }

  /** Gives an unfinished message its whole time again: nobody has read for a while. */
  restart(now: number): void {
    if (this.#unfinishedSince !== Infinity) this.#unfinishedSince = now;
  }

  /** The bytes since the last call that are no payload of a message: control frames, and the headers of fragments. */
  takeOverheadBytes(): number {
    const bytes = this.#overheadBytes;
    this.#overheadBytes = 0;
    return bytes;
  }

  /** Passes nothing on any more, and ends this side once the Close frame is out. */
  fail(): void {
    this.#isOver = true;
    this.socket.end();
  }

  #onData(chunk: Buffer): void {
    if (this.watch.isClosing) {
      this.#bytesAfterClose += chunk.length;
      if (this.#bytesAfterClose > AFTER_CLOSE_BYTES) {
        // The rest of a close handshake is far shorter. A paused socket costs nothing until it is destroyed, and leaves the
        // peer a moment to read why.
        this.socket.pause();
        this.watch.onCutOff();
        return;
      }
    }
    if (this.#isOver) return;
    this.allowance -= chunk.length;
    const end = this.allowance < 0 ? 0 : this.#scan(chunk);
    if (this.allowance < 0) this.#fault = 'early-bytes';
    if (end > 0) this.#receive.call(this.socket, end === chunk.length ? chunk : chunk.subarray(0, end));
    if (this.#fault === undefined) {
      this.#noteUnfinished();
      return;
    }
    this.#isOver = true;
    // What ws found in the frames before is said in the next tick, and came first.
    process.nextTick((fault: FrameFault) => this.watch.onFault(fault), this.#fault);
  }

  /** Reads the headers in a chunk, and answers where the part ends that `ws` may see. */
  #scan(chunk: Buffer): number {
    let frameStart = 0;
    let at = 0;
    this.#hasBegun = false;
    while (at < chunk.length) {
      if (!this.#isInPayload) {
        if (this.#headerRead === 0) frameStart = at;
        this.#onHeaderByte(chunk[at++] as number);
        if (this.#fault !== undefined) return frameStart;
      } else {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        at += step;
      }
      if (this.#isInPayload && this.#left === 0) {
        this.#onFrameEnd();
        if (this.#isOver) return at;
      }
    }
    return at;
  }

  #onHeaderByte(byte: number): void {
    const index = this.#headerRead++;
    if (index === 0) {
      this.#opcode = byte & 0x0f;
      this.#isFinal = byte >= 0x80;
      if (!this.#isFragmented) this.#hasBegun = true;
      this.#fault = this.#faultOfKind((byte & RESERVED_BITS) !== 0);
      return;
    }
    if (index === 1) {
      const short = byte & 0x7f;
      this.#isMasked = byte >= 0x80;
      this.#lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
      this.#length = short < 126 ? short : 0;
    } else {
      this.#length = this.#length * 256 + byte;
    }
    if (index === 1 + this.#lengthBytes) this.#onHeader();
  }

  /** MV-19: what was negotiated is one kind of frame, or both. */
  #faultOfKind(hasReservedBits: boolean): FrameFault | undefined {
    if (this.#opcode >= CLOSE || (this.#opcode === 0 && this.#isFragmented)) return undefined;
    this.#messageBytes = 0;
    // A continuation of nothing, what no opcode is, and the bits of an extension that was not negotiated: ws says so (1002).
    this.#maxBytes = Infinity;
    if (hasReservedBits || (this.#opcode !== TEXT && this.#opcode !== BINARY)) return undefined;
    this.#maxBytes = this.#opcode === TEXT ? this.limits.text : this.limits.binary;
    if (this.#maxBytes > 0) return undefined;
    return this.#opcode === TEXT ? 'text-frame' : 'binary-frame';
  }

  #onHeader(): void {
    const overhead = this.#headerRead + (this.#isMasked ? 4 : 0);
    this.#left = overhead - this.#headerRead + this.#length;
    if ((this.#lengthBytes === 2 && this.#length < 126) || (this.#lengthBytes === 8 && this.#length < 65_536)) {
      this.#fault = 'broken-frame';
    } else if (this.#opcode >= CLOSE) {
      this.#overheadBytes += overhead + this.#length;
      if (this.#isFlood()) this.#fault = 'control-flood';
    } else {
      if (this.#isFragmented || !this.#isFinal) this.#overheadBytes += overhead;
      this.#messageBytes += this.#length;
      // Before ws keeps anything of it: ws knows one limit, and that of the two kinds may differ.
      if (this.#messageBytes > this.#maxBytes) this.#fault = 'message-size';
    }
    this.#headerRead = 0;
    this.#isInPayload = true;
  }

  #onFrameEnd(): void {
    this.#isInPayload = false;
    if (this.#opcode < CLOSE) {
      this.#isFragmented = !this.#isFinal;
      if (this.#isFinal) this.#messageBytes = 0;
    }
    // What follows a Close frame is not data (section 1.4), and ws does not expect it.
    if (this.#opcode === CLOSE) this.#isOver = true;
  }

  /** Takes a token from a bucket that fills evenly: pings and pongs cost as much work as messages (DR-07). */
  #isFlood(): boolean {
    const now = this.watch.now();
    const filled = this.#controlTokens + ((now - this.#controlAt) * CONTROL_PER_SECOND) / 1000;
    this.#controlAt = now;
    this.#controlTokens = Math.min(CONTROL_BURST, filled) - 1;
    return this.#controlTokens < 0;
  }

  #noteUnfinished(): void {
    if (this.#headerRead === 0 && !this.#isInPayload && !this.#isFragmented) {
      if (this.#unfinishedSince === Infinity) return;
      this.#unfinishedSince = Infinity;
      this.watch.onHeld(0);
      return;
    }
    if (this.#hasBegun || this.#unfinishedSince === Infinity) {
      // One that has begun in this chunk is another one than before, with a deadline of its own.
      this.#unfinishedSince = this.watch.now();
      this.watch.onUnfinished(this.#unfinishedSince);
    }
    // The rest of the frame is still to come, unless it is a control frame between two fragments.
    const toCome = this.#isInPayload && this.#opcode < CLOSE ? Math.min(this.#left, this.#length) : 0;
    this.watch.onHeld(this.#messageBytes - toCome);
  }
}
