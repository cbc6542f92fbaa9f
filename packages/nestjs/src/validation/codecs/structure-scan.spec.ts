import { describe, expect, it } from 'vitest';
import { CborScan } from './cbor-scan.js';
import { MsgpackScan } from './msgpack-scan.js';

const LIMITS = { maxDepth: 8, maxKeys: 20, maxNodes: 100 };
const SCANS = { msgpack: MsgpackScan, cbor: CborScan } as const;

/** What the scan says of a frame by itself: the libraries refuse some of these as well, and another release may not. */
function scan(name: keyof typeof SCANS, hex: string): string | undefined {
  return new SCANS[name](Buffer.from(hex.replaceAll(' ', ''), 'hex'), LIMITS, false).run();
}

describe('the scan in front of a library', () => {
  it.each<readonly [name: keyof typeof SCANS, what: string, hex: string, reason: string | undefined]>([
    ['msgpack', 'passes one value', '01', undefined],
    ['msgpack', 'refuses what stands behind it', '01 01', 'syntax'],
    ['msgpack', 'refuses the longest name that is forbidden', `81 ab ${hexOf('constructor')} 01`, 'forbidden-key'],
    ['msgpack', 'refuses a list of more than is there before it reads of it', 'dc 005a d4', 'syntax'],
    ['msgpack', 'refuses an object of more than is there before it reads of it', 'de 0010 d4', 'syntax'],
    ['cbor', 'passes one value', '01', undefined],
    ['cbor', 'refuses what stands behind it', '01 01', 'syntax'],
    ['cbor', 'refuses the longest name that is forbidden', `a1 6b ${hexOf('constructor')} 01`, 'forbidden-key'],
    ['cbor', 'refuses a list of more than is there before it reads of it', '98 5a c0', 'syntax'],
    ['cbor', 'refuses an object of more than is there before it reads of it', 'b0 01', 'syntax'],
    ['cbor', 'refuses a reserved length, whatever stands behind it', `1c ${'00'.repeat(16)}`, 'syntax'],
    ['cbor', 'refuses a reserved length of a name', `a1 7c ${'00'.repeat(16)} 01`, 'type'],
    ['cbor', 'refuses a name in pieces', 'a1 7f 6161 ff 01', 'type'],
  ])('MV-04 MV-06 MV-12 %s %s', (name, _what, hex, reason) => {
    expect(scan(name, hex)).toBe(reason);
  });
});

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex');
}
