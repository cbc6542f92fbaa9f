import { createPublicKey, createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ClusterKey } from './cluster-key.js';

const bytes = randomBytes(32);

const idsOf = (material: unknown, use = 'test'): readonly string[] =>
  ClusterKey.read(material, 'makeStore()')
    .deriveFor(use)
    .map(({ id, key }) => `${id} ${key.export().toString('hex')}`);

describe('ClusterKey', () => {
  it('DP-06 reads the same key from bytes, text and a KeyObject', () => {
    const forms = [
      bytes,
      bytes.toString('base64url'),
      bytes.toString('base64'),
      createSecretKey(bytes),
      new Uint8Array(bytes),
    ];
    expect(new Set(forms.flatMap((form) => idsOf(form))).size).toBe(1);
  });

  it('DP-06 gives each use keys of its own, in the order of the list', () => {
    const [one, two] = [randomBytes(32), randomBytes(48)];
    expect(idsOf([one, two])).toEqual([...idsOf(one), ...idsOf(two)]);
    expect(idsOf(one, 'other')).not.toEqual(idsOf(one));
    expect(inspect(ClusterKey.read(one, 'makeStore()'), { depth: 9, showHidden: true })).not.toContain(
      one.toString('hex'),
    );
  });

  it.each<readonly [what: string, material: unknown, says: RegExp]>([
    ['none', undefined, /is missing/],
    ['an empty variable', '', /is missing/],
    ['an empty list', [], /a list of up to 5/],
    ['a list of six', Array.from({ length: 6 }, () => bytes), /a list of up to 5/],
    ['a list with a hole', [bytes, undefined], /is missing/],
    ['a short one', randomBytes(31), /it has 31 bytes, and needs 32/],
    ['a short text', randomBytes(31).toString('base64'), /it has 31 bytes/],
    ['what is not base64', `${'é'.repeat(20)}${bytes.toString('base64')}`, /base64url or base64/],
    ['a number', 7, /base64url or base64/],
    ['a public key', createPublicKey(generateKeyPairSync('ed25519').privateKey), /KeyObject of a secret key/],
    ['a placeholder', 'secretsecretsecretsecretsecretsecretsecretsecret', /is a placeholder/],
    ['zeros', Buffer.alloc(32), /is a placeholder/],
  ])('AN-13 refuses %s, and says how to make one', (_what, material, says) => {
    expect(() => ClusterKey.read(material, 'makeStore()')).toThrow(says);
    expect(() => ClusterKey.read(material, 'makeStore()')).toThrow(
      /clusterKey of makeStore\(\).*openssl rand -base64 32/s,
    );
  });
});
