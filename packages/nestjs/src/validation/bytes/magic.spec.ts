import { describe, expect, it } from 'vitest';
import { compileMagic, hasMagic, MAGIC_NAMES, type MagicName, type MagicPart } from './magic.js';

const bytes = (...parts: readonly string[]): Buffer => Buffer.from(parts.join(''), 'hex');

/** How a file of each type begins, with what may stand between the bytes that are looked at. */
const BEGINNINGS: Readonly<Record<MagicName, Buffer>> = {
  png: bytes('89504e470d0a1a0a', '0000000d'),
  jpeg: bytes('ffd8ff', 'e000104a464946'),
  gif: bytes('474946383961', '01000100'),
  webp: bytes('52494646', 'a0b0c0d0', '57454250', '56503820'),
  avif: bytes('0000001c', '6674797061766966', '00000000'),
  pdf: bytes('255044462d', '312e37'),
  ogg: bytes('4f67675300', '02'),
  wav: bytes('52494646', 'a0b0c0d0', '57415645', '666d7420'),
  flac: bytes('664c6143', '00000022'),
  mp3: bytes('494433', '0300'),
  mp4: bytes('00000018', '66747970', '69736f6d'),
  webm: bytes('1a45dfa3', '9f'),
  zip: bytes('504b0304', '1400'),
};

const begins = (sent: Uint8Array, entry: MagicName | MagicPart | readonly MagicPart[]): boolean => {
  const magic = compileMagic(entry);
  return magic !== undefined && hasMagic(sent, magic);
};

describe('the beginning of a file', () => {
  it.each(MAGIC_NAMES)('MV-11 is that of its own type, and of no other: %s', (name) => {
    const types = MAGIC_NAMES.filter((other) => begins(BEGINNINGS[name], other));
    // AVIF is written in the container of MP4.
    expect(types).toEqual(name === 'avif' ? ['avif', 'mp4'] : [name]);
  });

  it.each(MAGIC_NAMES)('MV-11 stands where the format has it, and is all there: %s', (name) => {
    const whole = BEGINNINGS[name];
    expect(begins(Buffer.concat([Buffer.alloc(1), whole]), name)).toBe(false);
    expect(begins(whole.subarray(4), name)).toBe(false);
    expect(begins(whole.subarray(0, 2), name)).toBe(false);
    expect(begins(Buffer.alloc(0), name)).toBe(false);
  });

  it('MV-11 has every part that is asked for, each at its place', () => {
    const parts = [{ hex: 'AABB' }, { hex: 'cc', offset: 3 }];
    expect(begins(bytes('aabb00cc'), parts)).toBe(true);
    for (const sent of ['aabb00cd', 'aabbcc00', 'aabbcc', 'a0bb00cc', '00aabbcc', '']) {
      expect(begins(bytes(sent), parts)).toBe(false);
    }
  });

  it.each<[string, unknown, boolean]>([
    ['a part', { hex: 'aabb' }, true],
    ['a part at its place', { hex: 'aabb', offset: 3 }, true],
    ['several parts', [{ hex: 'aa' }, { hex: 'bb', offset: 1 }], true],
    ['no parts', [], false],
    ['a type of nobody', 'exe', false],
    ['a name that reaches a prototype', 'constructor', false],
    ['null', null, false],
    ['a number', 7, false],
    ['a part without bytes', { offset: 1 }, false],
    ['a part of no bytes', { hex: '' }, false],
    ['half a byte', { hex: 'aab' }, false],
    ['what is no byte', { hex: 'zz' }, false],
    ['bytes that are a list', { hex: ['aa'] }, false],
    ['a place before the beginning', { hex: 'aa', offset: -1 }, false],
    ['half a place', { hex: 'aa', offset: 0.5 }, false],
    ['a place without an end', { hex: 'aa', offset: Infinity }, false],
    ['a place far away', { hex: 'aa', offset: Number.MAX_SAFE_INTEGER }, false],
    ['a part with something beside it', { hex: 'aa', mask: 'ff' }, false],
    ['a good part and a bad one', [{ hex: 'aa' }, null], false],
  ])('MV-11 DP-02 is understood, or not: %s', (_, entry, isOne) => {
    expect(compileMagic(entry as never) !== undefined).toBe(isOne);
  });
});
