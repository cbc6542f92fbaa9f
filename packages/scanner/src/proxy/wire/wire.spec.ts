import { deflateRawSync, constants } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { OPCODES, type ReceivedFrame, writeFrame } from '../../probe/frames.js';
import { agreedExtensions, offeredExtensions } from './deflate-terms.js';
import { FrameCutter, MAX_MESSAGE_BYTES, TooLargeError } from './frame-cutter.js';
import { MessageCollector } from './message-collector.js';

describe('FrameCutter', () => {
  const frames = [
    writeFrame({ opcode: OPCODES.text, payload: 'a'.repeat(5), isFinal: false }),
    writeFrame({ opcode: OPCODES.ping, payload: '', isMasked: false }),
    writeFrame({ opcode: OPCODES.continuation, payload: 'b'.repeat(70_000), reserved: 0x20 }),
    writeFrame({ opcode: OPCODES.binary, payload: Buffer.alloc(300, 7), isMasked: false }),
  ];
  const bytes = Buffer.concat(frames);

  it.each([1, 2, 7, 4096, bytes.length])('keeps every byte of what comes in pieces of %d', (size) => {
    const cutter = new FrameCutter();
    const cut: ReceivedFrame[] = [];
    for (let at = 0; at < bytes.length; at += size) cut.push(...cutter.push(bytes.subarray(at, at + size)));
    expect(cut.map(({ raw }) => raw.toString('hex'))).toEqual(frames.map((one) => one.toString('hex')));
    expect(cut.map(({ opcode, isFinal, reserved, payload }) => [opcode, isFinal, reserved, payload.length])).toEqual([
      [1, false, 0, 5],
      [9, true, 0, 0],
      [0, true, 0x20, 70_000],
      [2, true, 0, 300],
    ]);
    expect(cut[0]?.payload.toString()).toBe('aaaaa');
  });

  it('refuses a frame that says it is larger than goes through, before it has come', () => {
    const head = Buffer.alloc(10);
    head.set([0x82, 127]);
    head.writeBigUInt64BE(BigInt(MAX_MESSAGE_BYTES + 15), 2);
    expect(() => new FrameCutter().push(head)).toThrow(TooLargeError);
  });
});

describe('MessageCollector', () => {
  const framesOf = (...shapes: Parameters<typeof writeFrame>[0][]): readonly ReceivedFrame[] =>
    new FrameCutter().push(Buffer.concat(shapes.map((shape) => writeFrame(shape))));
  const deflated = (text: string): Buffer =>
    deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);

  it('reads what was compressed over several fragments', () => {
    const bytes = deflated('{"event":"a"}'.repeat(50));
    const frames = framesOf(
      { opcode: OPCODES.text, payload: bytes.subarray(0, 6), reserved: 0x40, isFinal: false },
      { opcode: OPCODES.continuation, payload: bytes.subarray(6) },
    );
    const collector = new MessageCollector(true);
    const messages = frames.flatMap((frame) => collector.push(frame));
    expect(messages.map(({ data }) => data?.toString())).toEqual(['{"event":"a"}'.repeat(50)]);
    expect(messages[0]?.frames).toHaveLength(2);
  });

  it.each([
    ['what is compressed and was not agreed on', false, deflated('a')],
    ['what is not compressed and says so', true, Buffer.from('plain')],
    ['a bomb', true, deflateRawSync(Buffer.alloc(2 * MAX_MESSAGE_BYTES)).subarray(0, -4)],
  ])('passes on %s without having read it', (_, isDeflated, payload) => {
    const collector = new MessageCollector(isDeflated);
    const [frame] = framesOf({ opcode: OPCODES.text, payload, reserved: 0x40 });
    const messages = frame === undefined ? [] : collector.push(frame);
    expect(messages.map(({ data }) => data === undefined)).toEqual([true]);
  });

  it('passes on pieces of nothing, and messages that nobody ended', () => {
    const collector = new MessageCollector(false);
    const messages = framesOf(
      { opcode: OPCODES.continuation, payload: 'x' },
      { opcode: OPCODES.text, payload: 'begun', isFinal: false },
      { opcode: OPCODES.text, payload: 'whole' },
    ).flatMap((frame) => collector.push(frame));
    expect(messages.map(({ data }) => data?.toString())).toEqual([undefined, undefined, 'whole']);
  });

  it('keeps no message of endless fragments', () => {
    const collector = new MessageCollector(false);
    const [first] = framesOf({ opcode: OPCODES.text, isFinal: false });
    const [next] = framesOf({ opcode: OPCODES.continuation, isFinal: false });
    if (first === undefined || next === undefined) throw new Error('There are frames.');
    collector.push(first);
    expect(() => Array.from({ length: 10_000 }, () => collector.push(next))).toThrow(TooLargeError);
  });
});

describe('the terms of compression', () => {
  it.each([
    ['', undefined],
    ['x-webkit-deflate-frame', undefined],
    ['permessage-deflate', 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'],
    [
      'permessage-deflate; client_max_window_bits, permessage-bzip2, permessage-deflate;server_no_context_takeover',
      'permessage-deflate; client_max_window_bits; server_no_context_takeover; client_no_context_takeover, permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    ],
  ])('of %j offer %j', (offers, offered) => {
    expect(offeredExtensions(offers)).toBe(offered);
  });

  it.each([
    [
      'permessage-deflate; server_no_context_takeover',
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    ],
    ['permessage-deflate', undefined],
    ['permessage-bzip2; server_no_context_takeover', undefined],
    ['permessage-deflate; server_no_context_takeover, x-more', undefined],
  ])('agree to %j as %j', (answer, agreed) => {
    expect(agreedExtensions(answer)).toBe(agreed);
  });
});
