import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import {
  AFTER_CLOSE_BYTES,
  CONTROL_BURST,
  CONTROL_PER_SECOND,
  type FrameWatch,
  InboundFrames,
} from './inbound-frames.js';

/** One masked frame of a client; the mask is zero. */
function frame(size: number, { opcode = 1, fin = true, form = 0 } = {}): Buffer {
  const code = form === 8 || (form === 0 && size > 65_535) ? 127 : form === 2 || size > 125 ? 126 : size;
  const length = Buffer.alloc(code === 127 ? 8 : code === 126 ? 2 : 0);
  if (code === 127) length.writeBigUInt64BE(BigInt(size));
  else if (code === 126) length.writeUInt16BE(size);
  return Buffer.concat([Buffer.of((fin ? 0x80 : 0) | opcode, 0x80 | code), length, Buffer.alloc(4 + size, 'x')]);
}

/** Frames in front of a receiver that keeps what it gets. */
function open() {
  const clock = new FakeClock();
  const passed: Buffer[] = [];
  const log: string[] = [];
  const held: number[] = [];
  const state = { isClosing: false };
  const watch: FrameWatch = {
    get isClosing() {
      return state.isClosing;
    },
    now: () => clock.monotonic(),
    onFault: (fault) => log.push(fault),
    onUnfinished: (since) => log.push(`unfinished since ${since}`),
    onHeld: (bytes) => held.push(bytes),
    onCutOff: () => log.push('cut off'),
  };
  const socket = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  socket.on('data', (chunk: Buffer) => passed.push(chunk));
  const frames = new InboundFrames(socket, watch, { text: 1_000_000, binary: 0 });
  const push = async (...chunks: Buffer[]): Promise<void> => {
    for (const chunk of chunks) socket.emit('data', chunk);
    await new Promise(setImmediate);
  };
  return { clock, socket, frames, log, held, state, push, passed: () => Buffer.concat(passed) };
}

describe('the frames of a client', () => {
  it('are passed on as they are, however they are cut', () => {
    const bytes = Buffer.concat([
      frame(0),
      frame(5, { fin: false }),
      frame(3, { opcode: 9 }),
      frame(125, { opcode: 0, fin: false }),
      frame(126, { opcode: 0 }),
      frame(65_535),
      frame(65_536),
      frame(7, { opcode: 10 }),
    ]);
    for (const size of [1, 2, 3, 7, 64, 4096, bytes.length]) {
      const { socket, passed, log, frames } = open();
      for (let at = 0; at < bytes.length; at += size) socket.emit('data', bytes.subarray(at, at + size));
      expect(passed().equals(bytes)).toBe(true);
      expect(log.filter((line) => !line.startsWith('unfinished'))).toEqual([]);
      expect(frames.unfinishedSince).toBe(Infinity);
      // DR-07: a ping of 9, a pong of 13, and three fragments with 6, 6 and 8 bytes in front.
      expect(frames.takeOverheadBytes()).toBe(9 + 13 + 6 + 6 + 8);
      expect(frames.takeOverheadBytes()).toBe(0);
    }
  });

  it.each<readonly [fault: string, bytes: Buffer]>([
    ['binary-frame', frame(3, { opcode: 2 })],
    ['binary-frame', frame(3, { opcode: 2, fin: false }).subarray(0, 1)],
    ['broken-frame', frame(125, { form: 2 })],
    ['broken-frame', frame(0, { form: 2 })],
    ['broken-frame', frame(65_535, { form: 8 })],
    ['broken-frame', frame(5, { form: 8 }).subarray(0, 10)],
    ['broken-frame', frame(5, { opcode: 9, form: 2 })],
  ])('F56 TR-07 are refused for a %s, and nothing of it is passed on, nor of what follows', async (fault, bytes) => {
    const good = frame(10);
    const { push, passed, log } = open();
    await push(Buffer.concat([good, bytes]), frame(10));
    expect(passed().equals(good)).toBe(true);
    expect(log).toEqual([fault]);
  });

  it.each([126, 65_535])('F56 are taken with a length of two bytes where %d needs them', async (size) => {
    const { push, passed, log } = open();
    await push(frame(size, { form: 2 }));
    expect(passed()).toHaveLength(size + 8);
    expect(log).toEqual([]);
  });

  it.each([9, 10])('DR-07 F50 are a flood from one control frame more than the burst: opcode %d', async (opcode) => {
    const { push, passed, log, clock } = open();
    const ping = frame(0, { opcode });
    await push(Buffer.concat(Array(CONTROL_BURST).fill(ping) as Buffer[]));
    expect(log).toEqual([]);
    clock.advance(1000);
    await push(Buffer.concat(Array(CONTROL_PER_SECOND).fill(ping) as Buffer[]));
    expect(log).toEqual([]);
    await push(Buffer.concat([ping, ping, ping]));
    expect(log).toEqual(['control-flood']);
    expect(passed()).toHaveLength((CONTROL_BURST + CONTROL_PER_SECOND) * ping.length);
  });

  it('DR-07 F50 may hold control frames for ever, now and then', async () => {
    const { push, log, clock } = open();
    for (let second = 0; second < 120; second++) {
      await push(Buffer.concat(Array(CONTROL_PER_SECOND).fill(frame(4, { opcode: 9 })) as Buffer[]));
      clock.advance(1000);
    }
    expect(log).toEqual([]);
  });

  it('TR-09 are passed on up to a Close frame and no further', async () => {
    const close = frame(2, { opcode: 8 });
    const { push, passed } = open();
    await push(Buffer.concat([frame(1), close, frame(1)]), frame(1));
    expect(passed().equals(Buffer.concat([frame(1), close]))).toBe(true);
  });

  it('TR-09 F52 are not passed on once this side has failed the connection, which ends it', async () => {
    const { push, passed, frames, socket } = open();
    await push(frame(1));
    frames.fail();
    await push(frame(1), frame(2, { opcode: 8 }));
    expect(passed().equals(frame(1))).toBe(true);
    expect(socket.writableEnded).toBe(true);
  });

  it('TR-09 F52 are no longer read when they go on and on after the close', async () => {
    const { push, log, state, socket, passed } = open();
    state.isClosing = true;
    const chunk = frame(AFTER_CLOSE_BYTES - 8);
    await push(chunk);
    expect(socket.isPaused()).toBe(false);
    expect(passed()).toHaveLength(AFTER_CLOSE_BYTES);
    await push(frame(1));
    expect(socket.isPaused()).toBe(true);
    expect(log).toEqual(['cut off']);
    expect(passed()).toHaveLength(AFTER_CLOSE_BYTES);
  });

  it('DR-06 DR-02 are unfinished since the message began, whatever comes in between', async () => {
    const { push, log, clock, frames } = open();
    await push(frame(5, { fin: false }));
    clock.advance(1000);
    await push(frame(1, { opcode: 9 }), frame(5, { opcode: 0, fin: false }), frame(9, { opcode: 0 }).subarray(0, 3));
    expect(frames.unfinishedSince).toBe(0);
    expect(log).toEqual(['unfinished since 0']);
    await push(Buffer.concat([frame(9, { opcode: 0 }).subarray(3), frame(3).subarray(0, 1)]));
    expect(frames.unfinishedSince).toBe(1000);
    clock.advance(500);
    frames.restart(clock.monotonic());
    expect(frames.unfinishedSince).toBe(1500);
    await push(frame(3).subarray(1));
    expect(frames.unfinishedSince).toBe(Infinity);
  });
});

describe('what is kept of a message that is not whole', () => {
  it('DR-02 is told with each part of it, and that nothing is once it is whole', async () => {
    const { held, push } = open();
    await push(frame(100));
    expect(held).toEqual([]);
    const first = frame(100, { fin: false });
    await push(first.subarray(0, 1), first.subarray(1, 6), first.subarray(6, 56), first.subarray(56));
    expect(held).toEqual([0, 0, 50, 100]);
    // Pings between two fragments are passed on at once.
    await push(
      frame(80, { opcode: 9 }),
      frame(80, { opcode: 9 }).subarray(0, 40),
      frame(80, { opcode: 9 }).subarray(40),
    );
    expect(held.slice(4)).toEqual([100, 100, 100]);
    const last = frame(20, { opcode: 0 });
    await push(last.subarray(0, 16), Buffer.concat([last.subarray(16), frame(30)]));
    expect(held.slice(7)).toEqual([110, 0]);
  });

  it('DR-02 is only that of the message that has begun where several end in one chunk', async () => {
    const { held, push } = open();
    await push(Buffer.concat([frame(500), frame(50, { fin: false })]));
    await push(Buffer.concat([frame(50, { opcode: 0 }), frame(9000), frame(9, { opcode: 9 }).subarray(0, 4)]));
    await push(frame(9, { opcode: 9 }).subarray(4));
    expect(held).toEqual([50, 0, 0]);
  });
});
