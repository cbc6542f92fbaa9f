import { describe, expect, it } from 'vitest';
import { binaryMessage } from '../../../../test/support/binary-message.js';
import { PLAIN_JSON, type WireCodec, type WireFormat, type WireResult } from '../core/wire-format.js';
import type { JsonLimits } from '../core/safe-json.js';
import type { Message } from './message.js';
import { checkFrame, decodeMessage, idOf } from './message-decoding.js';
import type { MessageEngine } from './message-engine.js';

const LIMITS = { maxDepth: 3, maxKeys: 4, maxNodes: 20, maxMessageBytes: 40 };
const engineOf = (maxBytes: number) =>
  ({ settings: { validation: LIMITS }, maxBytes }) as unknown as Pick<MessageEngine, 'settings' | 'maxBytes'>;

/** Decodes what it is told to. */
class StubCodec implements WireCodec {
  readonly asked: [frame: string, limits: JsonLimits, mayHaveBytes: boolean][] = [];

  constructor(private readonly result: WireResult) {}

  decode(frame: Buffer, limits: JsonLimits, mayHaveBytes: boolean): WireResult {
    this.asked.push([frame.toString(), limits, mayHaveBytes]);
    return this.result;
  }

  encode(): Uint8Array {
    throw new Error('Nothing is written here.');
  }
}

const speaking = (codec: WireCodec): WireFormat => ({ ...PLAIN_JSON, codec });

function decode(frame: Buffer, isBinary: boolean, wire = PLAIN_JSON, maxBytes = 100) {
  const read = { received: frame, isBinary, event: '', data: undefined, id: undefined, binary: undefined };
  const message = read as unknown as Message;
  const refusal = decodeMessage(message, wire, engineOf(maxBytes));
  return { refusal, event: message.event, data: message.data, id: message.id, binary: message.binary };
}

const text = (content: string) => decode(Buffer.from(content), false);
const refused = (reason: string) => ({ code: 'BAD_MESSAGE', reason });

describe('checkFrame', () => {
  it.each<readonly [isBinary: boolean, bytes: number, limits: readonly [number, number], refusal: object | undefined]>([
    [false, 10, [10, 0], undefined],
    [false, 11, [10, 0], refused('message-size')],
    [false, 0, [10, 0], undefined],
    [true, 20, [10, 20], undefined],
    [true, 21, [10, 20], refused('message-size')],
    // The kind of frame is refused before its size.
    [true, 5, [10, 0], { ...refused('binary-frame'), close: 'UNSUPPORTED_DATA' }],
    [true, 0, [10, 0], { ...refused('binary-frame'), close: 'UNSUPPORTED_DATA' }],
    [false, 5, [0, 20], { ...refused('text-frame'), close: 'UNSUPPORTED_DATA' }],
  ])('MV-19 DR-01 judges a frame (binary: %s) of %s bytes by %j', (isBinary, bytes, [most, binary], refusal) => {
    expect(checkFrame({ isBinary, bytes } as Message, { text: most, binary })).toEqual(refusal);
  });
});

describe('decodeMessage', () => {
  it('MV-01 reads the envelope of a text', () => {
    expect(text('{"event":"a","data":{"n":1},"id":7}')).toEqual({
      refusal: undefined,
      event: 'a',
      data: { n: 1 },
      id: 7,
      binary: undefined,
    });
  });

  it.each<readonly [content: string, reason: string, id: number | undefined]>([
    ['', 'json-syntax', undefined],
    ['\ufeff{"event":"a"}', 'json-syntax', undefined],
    ['{"event":"a","data":[[[1]]]}', 'json-depth', undefined],
    ['{"event":"a","data":{"__proto__":1}}', 'json-forbidden-key', undefined],
    ['{"event":"a","event":"b"}', 'json-duplicate-key', undefined],
    ['[]', 'envelope', undefined],
    ['{"event":7,"id":1}', 'envelope', 1],
    ['{"event":"a","id":1,"x":1}', 'envelope', 1],
  ])('MV-01 MV-06 MV-12 refuses %j', (content, reason, id) => {
    expect(text(content)).toEqual({ refusal: refused(reason), event: '', data: undefined, id, binary: undefined });
  });

  it('DR-01 leaves the size of a text to its frame', () => {
    expect(text(`{"event":"a","data":"${'x'.repeat(40)}"}`).refusal).toBeUndefined();
  });

  it('MV-11 takes a binary message apart, and copies nothing of it', () => {
    const frame = binaryMessage({ event: 'a', id: 1 }, Buffer.from('bytes'));
    const { refusal, event, id, binary } = decode(frame, true);
    expect([refusal, event, id, binary?.toString()]).toEqual([undefined, 'a', 1, 'bytes']);
    expect(Buffer.isBuffer(binary)).toBe(true);
    frame.fill('x');
    expect(binary?.toString()).toBe('xxxxx');
  });

  it('MV-11 tells no bytes behind an envelope from none at all', () => {
    expect(decode(binaryMessage({ event: 'a' }, Buffer.alloc(0)), true).binary).toEqual(Buffer.alloc(0));
  });

  it.each<readonly [what: string, frame: () => Buffer, reason: string]>([
    ['nothing', () => Buffer.alloc(0), 'envelope'],
    ['half a length', () => Buffer.alloc(1), 'envelope'],
    ['an empty envelope', () => Buffer.alloc(2), 'json-syntax'],
    ['a length beyond its end', () => binaryMessage({ event: 'a' }, Buffer.alloc(0), 14), 'envelope'],
    ['an envelope that is cut off', () => binaryMessage({ event: 'a' }, Buffer.alloc(9), 12), 'json-syntax'],
    [
      'an envelope that is no UTF-8',
      () => binaryMessage(Buffer.from('{"event":"\xff"}', 'latin1'), Buffer.alloc(1)),
      'envelope',
    ],
    [
      'an envelope that is too deep',
      () => binaryMessage('{"event":"a","data":[[[1]]]}', Buffer.alloc(1)),
      'json-depth',
    ],
    ['an envelope that is a list', () => binaryMessage([], Buffer.alloc(1)), 'envelope'],
  ])('MV-11 MV-12 refuses %s, and hands no bytes on', (_, frame, reason) => {
    expect(decode(frame(), true)).toMatchObject({ refusal: refused(reason), binary: undefined });
  });

  it('DR-01 MV-11 takes no longer an envelope beside bytes than without them', () => {
    const envelope = (length: number) => `{"event":"a","data":"${'x'.repeat(length - 23)}"}`;
    expect(envelope(40)).toHaveLength(40);
    expect(decode(binaryMessage(envelope(40), Buffer.alloc(50)), true).refusal).toBeUndefined();
    expect(decode(binaryMessage(envelope(41), Buffer.alloc(50)), true).refusal).toEqual(refused('message-size'));
    expect(decode(binaryMessage(envelope(41), Buffer.alloc(0)), true).refusal).toEqual(refused('message-size'));
  });

  it.each([
    [0, false],
    [1, true],
  ])('MV-11 asks a codec with the limits of JSON, and for bytes where %s may come: %s', (maxBytes, mayHaveBytes) => {
    const codec = new StubCodec({ ok: true, value: { event: 'a', data: 5, id: 'x' } });
    const read = decode(Buffer.from('frame'), true, speaking(codec), maxBytes);
    expect(read).toEqual({ refusal: undefined, event: 'a', data: 5, id: 'x', binary: undefined });
    expect(codec.asked).toEqual([['frame', LIMITS, mayHaveBytes]]);
  });

  it('MV-11 hands on the bytes that a codec has found, as they lie in the frame', () => {
    const bytes = new Uint8Array(Buffer.from('a frame').buffer.slice(0)).subarray(0, 0);
    const frame = Buffer.from('some bytes');
    const found = new Uint8Array(frame.buffer, frame.byteOffset + 5, 5);
    for (const [piece, expected] of [
      [bytes, ''],
      [found, 'bytes'],
    ] as const) {
      const codec = new StubCodec({ ok: true, value: { event: 'a' }, bytes: piece });
      const { binary } = decode(frame, true, speaking(codec));
      expect(Buffer.isBuffer(binary)).toBe(true);
      expect(binary?.toString()).toBe(expected);
    }
  });

  it('DR-01 MV-19 counts everything but the bytes of what a codec has read', () => {
    const read = (length: number, piece: number) => {
      const bytes = piece === 0 ? {} : { bytes: new Uint8Array(piece) };
      const codec = new StubCodec({ ok: true, value: { event: 'a' }, ...bytes });
      return decode(Buffer.alloc(length), true, speaking(codec)).refusal;
    };
    expect(read(42, 0)).toBeUndefined();
    expect(read(43, 0)).toEqual(refused('message-size'));
    expect(read(52, 10)).toBeUndefined();
    expect(read(53, 10)).toEqual(refused('message-size'));
  });

  it('MV-06 refuses what a codec refuses, by its reason', () => {
    const codec = new StubCodec({ ok: false, reason: 'nodes' });
    expect(decode(Buffer.from('frame'), true, speaking(codec))).toMatchObject({ refusal: refused('json-nodes') });
  });
});

describe('idOf', () => {
  it.each<readonly [data: unknown, id: unknown]>([
    ['{"event":"error","id":7}', 7],
    ['{"id":"x"}', 'x'],
    ['{"id":null}', null],
    ['{"event":"error"}', undefined],
    ['null', undefined],
    ['"id"', undefined],
    ['7', undefined],
    ['{', undefined],
    ['', undefined],
    // Whoever speaks JSON sends texts.
    [Buffer.from('{"id":7}'), undefined],
    [{ id: 7 }, undefined],
    [undefined, undefined],
    [null, undefined],
  ])('finds the id in what the application sends as %j', (data, id) => {
    expect(idOf(data, PLAIN_JSON)).toBe(id);
  });

  it('finds it in what a codec has written, as far as it lies there', () => {
    const codec = new StubCodec({ ok: true, value: { id: 7 } });
    const whole = Buffer.from('-frame-');
    expect(idOf(whole.subarray(1, 6), speaking(codec))).toBe(7);
    expect(idOf(new DataView(whole.buffer, whole.byteOffset + 1, 5), speaking(codec))).toBe(7);
    expect(codec.asked.map(([frame, , mayHaveBytes]) => [frame, mayHaveBytes])).toEqual([
      ['frame', false],
      ['frame', false],
    ]);
    expect(idOf('{"id":8}', speaking(codec))).toBe(8);
  });

  it('finds none in what no codec can read', () => {
    const codec = new StubCodec({ ok: false, reason: 'syntax' });
    expect(idOf(Buffer.from('frame'), speaking(codec))).toBeUndefined();
  });
});
