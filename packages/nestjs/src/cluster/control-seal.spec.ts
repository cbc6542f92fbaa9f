import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ClusterKey } from '../store/cluster-key.js';
import { type ControlMessage, ControlSeal } from './control-seal.js';

const [one, two] = [randomBytes(32), randomBytes(32)];
const sealWith = (keys: unknown = one, name = 'app'): ControlSeal =>
  new ControlSeal(ClusterKey.read(keys, 'the test'), name);

const MESSAGE: ControlMessage = {
  node: 'A'.repeat(22),
  seq: 7,
  at: 1_800_000_000_000,
  kind: 'ask',
  body: { principal: '["issuer","alice-the-first"]' },
};

describe('ControlSeal', () => {
  it('DP-06 opens what another node has sealed, and shows nobody who is meant', () => {
    const text = sealWith().seal(MESSAGE);
    expect(sealWith().open(text)).toEqual(MESSAGE);
    expect(Buffer.from(text.split('.').at(-1) ?? '', 'base64url').toString('latin1') + text).not.toContain('alice');
    expect(sealWith().seal(MESSAGE)).not.toBe(text);
  });

  it('DP-06 opens what an older key has sealed, and not what one that is gone has', () => {
    const text = sealWith(one).seal(MESSAGE);
    expect(sealWith([two, one]).open(text)).toEqual(MESSAGE);
    expect(sealWith(two).open(text)).toBeUndefined();
  });

  const parts = (text: string): string[] => text.split('.');
  it.each<readonly [what: string, change: (text: string) => string]>([
    ['another version', (text) => `2${text.slice(1)}`],
    ['another key', (text) => parts(text).with(1, 'A'.repeat(8)).join('.')],
    ['another node', (text) => parts(text).with(2, 'B'.repeat(22)).join('.')],
    ['another number', (text) => parts(text).with(3, '8').join('.')],
    ['a number written otherwise', (text) => parts(text).with(3, '07').join('.')],
    ['another moment', (text) => parts(text).with(4, '1800000000001').join('.')],
    ['another kind', (text) => parts(text).with(5, 'answer').join('.')],
    ['another content', (text) => `${text.slice(0, -2)}${text.endsWith('AA') ? 'BB' : 'AA'}`],
    ['a content that is cut', (text) => text.slice(0, -20)],
    ['no content', (text) => parts(text).with(6, '').join('.')],
    ['a content of one byte', (text) => parts(text).with(6, 'AA').join('.')],
    ['a line behind it', (text) => `${text}\n`],
    ['nothing', () => ''],
  ])('DP-06 opens no message with %s', (_what, change) => {
    expect(sealWith().open(change(sealWith().seal(MESSAGE)))).toBeUndefined();
  });

  it('DP-06 opens no message of another application, and knows none of its nodes', () => {
    const other = sealWith(one, 'other');
    expect(sealWith().open(other.seal(MESSAGE))).toBeUndefined();
    expect(sealWith().readNode(other.signNode(MESSAGE.node))).toBeUndefined();
  });

  it('DP-06 knows the nodes that have signed their names', () => {
    const signed = sealWith().signNode(MESSAGE.node);
    expect(sealWith([two, one]).readNode(signed)).toBe(MESSAGE.node);
    for (const forged of [
      MESSAGE.node,
      `B${signed.slice(1)}`,
      `${signed.slice(0, -1)}${signed.endsWith('A') ? 'E' : 'A'}`,
      '',
    ])
      expect(sealWith().readNode(forged)).toBeUndefined();
  });
});
