import { binaryMessage, CODECS } from '../support/binary-message.js';
import type { Random } from './random.js';

/** What a fuzzed connection speaks. */
export const FORMATS = ['json.v1', 'bytes', 'msgpack.v1', 'cbor.v1'] as const;
export type Format = (typeof FORMATS)[number];

type Values = (random: Random) => unknown;

/** Values from the edge of every rule, and of no use to any. */
const ODD: readonly Values[] = [
  () => null,
  () => true,
  () => '',
  () => [],
  () => ({}),
  () => -0,
  () => 1e308,
  () => Number.MAX_SAFE_INTEGER + 2,
  () => 0.1,
  () => -1,
  () => 'x'.repeat(300),
  () => '\u0000',
  () => '\ud800',
  () => 'ﷺ\ufe0f\u202e',
  () => ({ $gt: '' }),
  () => [[[[[[]]]]]],
  () => JSON.parse('{"__proto__":{"admin":true}}') as unknown,
  () => ({ constructor: { prototype: { admin: true } } }),
  (random) => Array.from({ length: random.below(1200) }, () => 0),
  (random) => Object.fromEntries(Array.from({ length: random.below(260) }, (_, index) => [`k${index}`, index])),
  (random) => nested(random.below(40)),
  (random) => random.below(2 ** 31) - 2 ** 30,
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

const line = (random: Random): object => ({
  symbol: random.pick(['ACME', 'X', 'ABCDEFGH']),
  quantity: 1 + random.below(1000),
});

/** An order, an upload, a text or nothing that its handler takes. */
function validMessage(random: Random, id: unknown, format: Format): Record<string, unknown> {
  const hasBytes = format !== 'json.v1';
  const event =
    format === 'bytes'
      ? 'upload'
      : random.pick(hasBytes ? ['order', 'upload', 'text', 'nothing'] : ['order', 'text', 'nothing']);
  if (event === 'nothing') return { event, id };
  if (event === 'text') return { event, data: random.pick(['', 'tea', 'ü€😀']), id };
  if (event === 'upload') return { event, data: line(random), id, bytes: png(random) };
  const lines = Array.from({ length: random.below(4) }, () => line(random));
  return {
    event,
    data: { side: random.pick(['buy', 'sell']), lines, ...(random.happens(0.5) ? { price: random.next() } : {}) },
    id,
  };
}

function png(random: Random): Uint8Array {
  const bytes = new Uint8Array(8 + random.below(56));
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return bytes;
}

/** Puts odd values, other types and stray members somewhere into a message. */
function distort(random: Random, value: unknown): unknown {
  if (random.happens(0.15)) return random.pick(ODD)(random);
  if (value instanceof Uint8Array) return random.happens(0.2) ? new Uint8Array(random.below(100)) : value;
  if (Array.isArray(value)) return (value as unknown[]).map((item) => distort(random, item));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, inner]) => [key, distort(random, inner)] as const);
  if (random.happens(0.15))
    members.push([random.pick(['isAdmin', 'a b', '', 'constructor', 'bytes', 'id']), random.pick(ODD)(random)]);
  if (random.happens(0.1)) members.splice(random.below(members.length + 1), 1);
  return Object.fromEntries(members);
}

/** Writes a message in a format. @returns `undefined` where the library of a codec cannot. */
export function write(message: unknown, format: Format): Buffer | undefined {
  try {
    if (format === 'json.v1') return Buffer.from(JSON.stringify(message));
    if (format !== 'bytes') return CODECS[format].encode(message);
    const { bytes, ...envelope } = message as { bytes?: unknown };
    return binaryMessage(envelope, bytes instanceof Uint8Array ? bytes : new Uint8Array(0));
  } catch {
    return undefined;
  }
}

/** One message as it goes into a frame: good, odd, or no message at all. */
export function payload(random: Random, id: string, format: Format): Buffer {
  const good = validMessage(random, id, format);
  const kind = random.next();
  const written = write(kind < 0.2 ? good : distort(random, good), format) ?? Buffer.from([random.below(256)]);
  return kind < 0.6 ? written : mutate(random, written);
}

/** Changes, drops, doubles and inserts bytes. */
export function mutate(random: Random, bytes: Buffer): Buffer {
  let result = Buffer.from(bytes);
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = random.below(result.length + 1);
    const to = Math.min(result.length, at + 1 + random.below(8));
    const [head, piece, tail] = [result.subarray(0, at), result.subarray(at, to), result.subarray(to)];
    switch (random.below(5)) {
      case 0:
        if (at < result.length) result[at] = random.below(256);
        break;
      case 1:
        result = Buffer.concat([head, tail]);
        break;
      case 2:
        result = Buffer.concat([head, piece, piece, tail]);
        break;
      case 3:
        result = Buffer.concat([head, Buffer.from(random.pick(TOKENS)), piece, tail]);
        break;
      default:
        if (at < result.length) result[at] = (result[at] as number) ^ (1 << random.below(8));
    }
  }
  return result;
}

const TOKENS: readonly (string | number[])[] = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    '\\u0000',
    '\\ud800',
    '"__proto__":1,',
    '"event":"order",',
    '1e999',
    '-0',
    'null',
    '\ufeff',
  ],
  ...[
    [0xff],
    [0xc1],
    [0xdf, 255, 255, 255, 255],
    [0xdd, 0, 255, 255, 255],
    [0xc7, 4, 1],
    [0x9f],
    [0xbf],
    [0xc0],
    [0xf9, 0x7e, 0],
    [0xfb],
    [0xc3, 0x28],
  ],
];

/** The id of a message, where whoever reads leniently finds one: it must then be answered. */
export function lenientId(frame: Buffer, format: Format): unknown {
  try {
    const value: unknown =
      format === 'json.v1'
        ? JSON.parse(frame.toString())
        : format === 'bytes'
          ? JSON.parse(frame.subarray(2, 2 + frame.readUInt16BE(0)).toString())
          : CODECS[format].decode(frame);
    return typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  } catch {
    return undefined;
  }
}
