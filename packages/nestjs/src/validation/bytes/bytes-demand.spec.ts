import { describe, expect, it } from 'vitest';
import { type BytesDemand, judgeBytes, ownBytes } from './bytes-demand.js';
import { compileMagic } from './magic.js';

const GIF = Buffer.from('GIF89a');
const anything = (maxBytes: number): BytesDemand => ({ maxBytes, magic: undefined, kinds: [] });
const gifs = (maxBytes: number): BytesDemand => ({ maxBytes, magic: compileMagic('gif'), kinds: ['gif'] });

describe('judgeBytes', () => {
  it.each<
    readonly [what: string, bytes: Uint8Array | undefined, demand: BytesDemand | undefined, rule: string | undefined]
  >([
    ['no bytes where none are taken', undefined, undefined, undefined],
    ['bytes where none are taken', GIF, undefined, 'noBytes'],
    ['empty bytes where none are taken', Buffer.alloc(0), undefined, 'noBytes'],
    ['no bytes where they are needed', undefined, anything(6), 'bytes'],
    ['empty bytes where they are needed', Buffer.alloc(0), anything(6), 'bytes'],
    ['as many as there may be', GIF, anything(6), undefined],
    ['one too many', GIF, anything(5), 'maxBytes'],
    ['one', Buffer.alloc(1), anything(6), undefined],
    ['those of the type', GIF, gifs(6), undefined],
    ['those of another type', Buffer.from('BMP89a'), gifs(6), 'magic'],
    ['too many of another type', Buffer.from('BMP89a'), gifs(5), 'maxBytes'],
  ])('MV-11 judges %s', (_, bytes, demand, rule) => {
    // Nothing of the bytes is in it (MV-16).
    expect(judgeBytes(bytes, demand)).toEqual(rule === undefined ? undefined : { path: '', rule });
  });
});

describe('ownBytes', () => {
  it('MV-11 shares no memory with the frame, nor with a pool', () => {
    const frame = Buffer.from('head and body');
    const copy = ownBytes(frame.subarray(9));
    expect(copy.toString()).toBe('body');
    expect([copy.byteOffset, copy.buffer.byteLength]).toEqual([0, 4]);
    frame.fill(0);
    expect(copy.toString()).toBe('body');
  });

  it('MV-11 copies no bytes as none', () => {
    expect(ownBytes(Buffer.alloc(0))).toHaveLength(0);
  });
});
