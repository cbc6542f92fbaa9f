import { Decoder, encode as encodeMsgpack, ExtData } from '@msgpack/msgpack';
import { decode as decodeCbor, encode as encodeCbor } from 'cborg';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CodecName, WireCodec, WireResult } from '../../core/wire-format.js';
import { loadCodec } from './load-codec.js';

const LIMITS = { maxDepth: 8, maxKeys: 20, maxNodes: 100 };

/** What the library itself makes of a frame, with nothing in front of it. */
const LIBRARY: Readonly<Record<CodecName, (frame: Uint8Array) => unknown>> = {
  msgpack: (frame) => new Decoder().decode(frame),
  cbor: (frame) => decodeCbor(frame) as unknown,
};
const ENCODE: Readonly<Record<CodecName, (value: unknown) => Uint8Array>> = {
  msgpack: (value) => encodeMsgpack(value, { maxDepth: 200 }),
  cbor: (value) => encodeCbor(value),
};
const NAMES = ['msgpack', 'cbor'] as const;

const codecs = new Map<CodecName, WireCodec>();
beforeAll(async () => {
  for (const name of NAMES) codecs.set(name, await loadCodec(name, 'option'));
});

function decode(name: CodecName, frame: Uint8Array, mayHaveBytes = false): WireResult {
  const codec = codecs.get(name);
  if (codec === undefined) throw new Error('The codecs are loaded before all tests.');
  return codec.decode(Buffer.from(frame), LIMITS, mayHaveBytes);
}

const outcome = (result: WireResult): unknown => (result.ok ? { value: result.value } : result.reason);
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

describe.each(NAMES)('%s', (name) => {
  it.each<unknown>([
    null,
    true,
    0,
    -1,
    23,
    24,
    255,
    65_536,
    2 ** 32,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    1.5,
    -0.1,
    1e300,
    '',
    'text',
    'ü€😀',
    'x'.repeat(40),
    'x'.repeat(300),
    [],
    [1, [2, [3]]],
    {},
    { event: 'e', data: { list: [1, 'two', null], text: 'x' }, id: 1 },
  ])('MV-01 gives the value that was written: %j', (value) => {
    expect(outcome(decode(name, ENCODE[name](value)))).toEqual({ value });
  });

  it.each<readonly [what: string, value: unknown, reason: string]>([
    ['too deep', nested(9), 'depth'],
    ['too many members', Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`k${i}`, i])), 'keys'],
    ['too many values', Array.from({ length: 100 }, () => 0), 'nodes'],
    ['__proto__', JSON.parse('{"a":[{"__proto__":{"x":1}}]}'), 'forbidden-key'],
    ['constructor', { constructor: 1 }, 'forbidden-key'],
    ['prototype', { a: { prototype: 1 } }, 'forbidden-key'],
    ['NaN', NaN, 'number'],
    ['Infinity', [Infinity], 'number'],
    ['a null character', { a: 'x\0' }, 'text'],
    ['a null character in a key', { 'x\0': 1 }, 'text'],
    ['bytes', { a: new Uint8Array(3) }, 'type'],
    ['bytes in place of a text', new Uint8Array(3), 'type'],
  ])('MV-04 MV-06 MV-09 MV-10 refuses %s', (_, value, reason) => {
    expect(outcome(decode(name, ENCODE[name](value)))).toBe(reason);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('MV-06 lets exactly what the limits allow pass', () => {
    expect(decode(name, ENCODE[name](nested(8))).ok).toBe(true);
    expect(decode(name, ENCODE[name](Array.from({ length: 99 }, () => 0))).ok).toBe(true);
    expect(decode(name, ENCODE[name](Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i])))).ok).toBe(
      true,
    );
  });

  it('MV-12 refuses what is cut off, at every byte, and what stands behind', () => {
    const frame = ENCODE[name]({ event: 'order.place', data: { text: 'x'.repeat(40), list: [1, 2.5] }, id: 70_000 });
    for (let end = 0; end < frame.length; end++) expect(decode(name, frame.subarray(0, end)).ok).toBe(false);
    expect(outcome(decode(name, Buffer.concat([frame, Buffer.of(0)])))).toBe('syntax');
    expect(outcome(decode(name, Buffer.concat([frame, frame])))).toBe('syntax');
  });

  it('MV-11 gives the bytes of an envelope, and of nothing else', () => {
    const piece = Uint8Array.of(1, 2, 3);
    const frame = ENCODE[name]({ event: 'e', bytes: piece, id: 1 });
    const result = decode(name, frame, true);
    expect(outcome(result)).toEqual({ value: { event: 'e', id: 1 } });
    expect(result.ok && [...(result.bytes ?? [])]).toEqual([1, 2, 3]);
    expect(outcome(decode(name, frame, false))).toBe('type');
    for (const value of [{ event: 'e', data: { bytes: piece } }, [{ bytes: piece }], { data: piece }, piece]) {
      expect(outcome(decode(name, ENCODE[name](value), true))).toBe('type');
    }
    // A value by that name is a member like any other, which the envelope then refuses.
    expect(outcome(decode(name, ENCODE[name]({ bytes: 'text' }), true))).toEqual({ value: { bytes: 'text' } });
  });

  it('OD-04 writes what JSON would say', () => {
    const value = { at: new Date(0), gone: undefined, map: new Map([['a', 1]]), inner: { toJSON: () => 'own' } };
    const json = JSON.stringify(value);
    const encoded = codecs.get(name)?.encode(json) ?? new Uint8Array();
    expect(LIBRARY[name](encoded)).toEqual(JSON.parse(json));
  });

  it('MV-06 answers every frame, as the library does or more strictly', () => {
    const mutations = fc.array(fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }), { maxLength: 4 });
    const frames = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.tuple(fc.jsonValue({ maxDepth: 3 }), mutations).map(([value, changes]) => {
        const frame = Uint8Array.from(ENCODE[name](value));
        for (const { at, byte } of changes) frame[at % frame.length] = byte;
        return frame;
      }),
    );
    fc.assert(
      fc.property(frames, (frame) => {
        const result = decode(name, frame);
        if (!result.ok) return;
        expect(result.value).toEqual(LIBRARY[name](frame));
        // Nothing but what JSON has.
        expect(JSON.parse(JSON.stringify(result.value))).toEqual(withoutNegativeZero(result.value));
      }),
      { numRuns: 3000 },
    );
  });
});

function withoutNegativeZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(withoutNegativeZero);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNegativeZero(inner)]));
}

describe('frames that no encoder writes', () => {
  it.each<readonly [name: CodecName, what: string, hex: string, reason: string]>([
    ['msgpack', 'a list of four billion', 'dd ffffffff', 'nodes'],
    ['msgpack', 'an object of four billion', 'df ffffffff', 'keys'],
    ['msgpack', 'a text of four gigabytes', 'db ffffffff', 'syntax'],
    ['msgpack', 'a list that is not there', '9f', 'syntax'],
    ['msgpack', 'a duplicate key', '82 a161 01 a161 02', 'duplicate-key'],
    ['msgpack', 'a key in two lengths', '82 a161 01 d90161 02', 'duplicate-key'],
    ['msgpack', 'a number as a key', '81 01 01', 'type'],
    ['msgpack', 'null as a key', '81 c0 01', 'type'],
    ['msgpack', 'the byte that is never used', 'c1', 'syntax'],
    ['msgpack', 'a time', 'd6 ff 00000000', 'type'],
    ['msgpack', 'an extension', 'c7 01 05 00', 'type'],
    ['msgpack', 'an integer of 64 bits', 'cf ffffffffffffffff', 'number'],
    ['msgpack', 'a negative one', 'd3 8000000000000000', 'number'],
    ['msgpack', 'no UTF-8', 'a2 c328', 'text'],
    ['msgpack', 'half a surrogate pair', 'a3 eda080', 'text'],
    ['msgpack', 'a long form of a slash', 'a2 c0af', 'text'],
    ['msgpack', '__proto__ in another length', '81 d909 5f5f70726f746f5f5f 01', 'forbidden-key'],
    ['cbor', 'a list of 2^64', '9b ffffffffffffffff', 'nodes'],
    ['cbor', 'a list of four billion', '9a ffffffff', 'nodes'],
    ['cbor', 'an object of four billion', 'ba ffffffff', 'keys'],
    ['cbor', 'an object of 2^64', 'bb ffffffffffffffff', 'keys'],
    ['cbor', 'a text of 2^64', '7b ffffffffffffffff', 'syntax'],
    ['cbor', 'a list without an end', '9f 01 ff', 'type'],
    ['cbor', 'an object without an end', 'bf 6161 01 ff', 'type'],
    ['cbor', 'a text in pieces', '7f 6161 ff', 'type'],
    ['cbor', 'a break', 'ff', 'type'],
    ['cbor', 'a tag', 'c0 00', 'type'],
    ['cbor', 'a date', 'c1 00', 'type'],
    ['cbor', 'a big number', 'c2 41 01', 'type'],
    ['cbor', 'undefined', 'f7', 'type'],
    ['cbor', 'another simple value', 'f8 ff', 'type'],
    ['cbor', 'NaN as a half', 'f97e00', 'number'],
    ['cbor', 'Infinity as a half', 'f97c00', 'number'],
    ['cbor', 'Infinity as a single', 'fa 7f800000', 'number'],
    ['cbor', 'less than every number', 'fb fff0000000000000', 'number'],
    ['msgpack', 'Infinity as a single', 'ca 7f800000', 'number'],
    ['msgpack', 'less than every number', 'cb fff0000000000000', 'number'],
    ['cbor', 'an integer of 64 bits', '1b ffffffffffffffff', 'number'],
    ['cbor', 'a negative one', '3b ffffffffffffffff', 'number'],
    ['cbor', 'one below the smallest', '3b 001fffffffffffff', 'number'],
    // cborg refuses equal keys itself, before they are counted.
    ['cbor', 'a duplicate key', 'a2 6161 01 6161 02', 'syntax'],
    ['cbor', 'a number as a key', 'a1 01 01', 'type'],
    ['cbor', 'a reserved length', '1c', 'syntax'],
    ['cbor', 'a length that is not the shortest', '18 01', 'syntax'],
    ['cbor', 'no UTF-8', '62 c328', 'text'],
  ])('MV-05 MV-06 MV-09 MV-10 MV-12 MV-15 %s refuses %s', (name, _what, hex, reason) => {
    expect(outcome(decode(name, bytes(hex)))).toBe(reason);
  });

  it.each<readonly [name: CodecName, what: string, hex: string]>([
    ['msgpack', 'beside the bytes', '83 a161 01 a161 02 a5 6279746573 c401 00'],
    ['msgpack', 'that is the bytes', '82 a5 6279746573 c401 00 a5 6279746573 c401 01'],
    ['cbor', 'beside the bytes', 'a3 6161 01 6161 02 65 6279746573 4100'],
    ['cbor', 'that is the bytes', 'a2 65 6279746573 4100 65 6279746573 4101'],
  ])('MV-05 MV-11 %s refuses a duplicate key %s', (name, _what, hex) => {
    expect(['syntax', 'duplicate-key']).toContain(outcome(decode(name, bytes(hex), true)));
  });

  it('MV-06 DR-14 keeps nothing of what clients call their members', () => {
    const decoding = vi.spyOn(Decoder.prototype, 'decode');
    onTestFinished(() => {
      decoding.mockRestore();
    });
    decode('msgpack', encodeMsgpack({ name: 1 }));
    // The one of its own, where none is given, remembers keys for as long as the decoder lives.
    expect(decoding.mock.contexts).toEqual([expect.objectContaining({ keyDecoder: null })]);
  });

  it('MV-06 allocates nothing for a length that lies', () => {
    const before = process.memoryUsage().heapTotal;
    for (let round = 0; round < 1000; round++) {
      decode('msgpack', bytes('dc ffff'));
      decode('cbor', bytes('99 ffff'));
    }
    expect(process.memoryUsage().heapTotal - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('MV-15 refuses what a library would make an object of a class of', () => {
    expect(outcome(decode('msgpack', encodeMsgpack(new Date())))).toBe('type');
    expect(outcome(decode('msgpack', encodeMsgpack(new ExtData(5, Uint8Array.of(1)))))).toBe('type');
    expect(outcome(decode('cbor', Uint8Array.of(0xd8, 0x20, 0x61, 0x61)))).toBe('type');
  });
});
