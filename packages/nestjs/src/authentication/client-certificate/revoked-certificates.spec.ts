import { describe, expect, it } from 'vitest';
import { createPrincipal } from '../../core/principal.js';
import type { ProvedCertificate } from '../../core/proved-certificate.js';
import { type KnownAuthorities, RevokedCertificates } from './revoked-certificates.js';

const ROOT = '1 CN=Root';
const INTERMEDIATE = '2 CN=Root';
const LEAF = '7 CN=Intermediate';
const OTHER = '8 CN=Intermediate';
/** The names that each authority has, by its own name. */
const KNOWN: KnownAuthorities = new Map([
  ['CN=Intermediate', [INTERMEDIATE]],
  ['CN=Root', [ROOT]],
]);

function revoke(names: readonly string[], known?: KnownAuthorities): RevokedCertificates {
  const revoked = new RevokedCertificates();
  revoked.replace(new Set(names), known);
  return revoked;
}

const proved = (chain: readonly string[], isCutShort = false): ProvedCertificate => ({
  thumbprint: 'x',
  chain,
  isCutShort,
});

const principal = (kind: string, claims: Record<string, unknown> = {}) =>
  createPrincipal({ kind, issuer: 'test', id: 'alice', authenticatedAt: 0, claims });

describe('RevokedCertificates', () => {
  it('TR-04 revokes nothing as long as no list is loaded', () => {
    const revoked = new RevokedCertificates();
    expect(revoked.has({ chain: [LEAF] })).toBe(false);
    expect(revoked.mayHave({ chain: [LEAF] })).toBe(false);
    expect(revoked.refuses(proved([LEAF], true))).toBe(false);
    expect(revoke([], KNOWN).mayHave({ chain: ['3 CN=Stranger'] })).toBe(false);
  });

  it.each<readonly [what: string, names: readonly string[], chain: readonly string[], isRevoked: boolean]>([
    ['that is listed', [LEAF], [LEAF], true],
    ['that is not', [LEAF], [OTHER], false],
    ['of another authority with the same number', [LEAF], ['7 CN=Root'], false],
    ['whose shown authority is listed', [INTERMEDIATE], [LEAF, INTERMEDIATE, ROOT], true],
    ['whose shown root is listed', [ROOT], [LEAF, INTERMEDIATE, ROOT], true],
    ['whose authority is listed, and not shown', [INTERMEDIATE], [LEAF], true],
    ['whose root is listed, and not shown', [ROOT], [LEAF], true],
    ['without any name', [LEAF], [], false],
  ])('TR-04 knows a certificate %s', (_, names, chain, isRevoked) => {
    expect(revoke(names, KNOWN).has({ chain })).toBe(isRevoked);
  });

  it('TR-04 knows an authority by each of its certificates', () => {
    const known = new Map([...KNOWN, ['CN=Intermediate', [INTERMEDIATE, '3 CN=Root']] as const]);
    expect(revoke(['3 CN=Root'], known).has({ chain: [LEAF] })).toBe(true);
    expect(revoke(['4 CN=Root'], known).has({ chain: [LEAF] })).toBe(false);
  });

  it.each<readonly [what: string, chain: readonly string[], known: KnownAuthorities, mayBe: boolean]>([
    ['is known up to its root', [LEAF], KNOWN, false],
    ['was shown up to its root', [LEAF, INTERMEDIATE, ROOT], KNOWN, false],
    ['has an authority that nobody knows', ['5 CN=Stranger'], KNOWN, true],
    ['has a root that nobody knows', [LEAF], new Map([['CN=Intermediate', [INTERMEDIATE]]]), true],
    ['has an authority without a certificate', [LEAF], new Map([['CN=Intermediate', []]]), true],
    ['has authorities of whom nothing is known', [LEAF], new Map(), true],
    ['has no name', [], KNOWN, true],
    [
      'goes round in a circle',
      [LEAF],
      new Map([
        ['CN=Intermediate', ['2 CN=Other']],
        ['CN=Other', ['3 CN=Intermediate']],
      ]),
      true,
    ],
  ])('TR-04 tells whether an authority may be revoked of a chain that %s', (_, chain, known, mayBe) => {
    const revoked = revoke(['99 CN=Nobody'], known);
    expect(revoked.has({ chain })).toBe(false);
    expect(revoked.mayHave({ chain })).toBe(mayBe);
  });

  it('TR-04 follows ten authorities, and says of more that nobody knows', () => {
    const chainOf = (length: number) => {
      const steps = Array.from({ length }, (_, place) => [`CN=${place}`, [`1 CN=${place + 1}`]] as const);
      return new Map([...steps, [`CN=${length}`, [`1 CN=${length}`]] as const]);
    };
    expect(revoke([LEAF], chainOf(9)).mayHave({ chain: ['1 CN=0'] })).toBe(false);
    expect(revoke([LEAF], chainOf(10)).mayHave({ chain: ['1 CN=0'] })).toBe(true);
  });

  it('TR-04 forgets what was loaded before, authorities too', () => {
    const revoked = revoke([ROOT], KNOWN);
    expect(revoked.has({ chain: [LEAF] })).toBe(true);
    revoked.replace(new Set([ROOT]));
    expect(revoked.has({ chain: [LEAF] })).toBe(false);
    expect(revoked.mayHave({ chain: [LEAF] })).toBe(true);
    revoked.replace(new Set());
    expect(revoked.mayHave({ chain: [LEAF] })).toBe(false);
  });

  it.each<readonly [what: string, certificate: ProvedCertificate, isRefused: boolean]>([
    ['that is listed', proved([LEAF]), true],
    ['that is good', proved([OTHER], true), false],
    ['of which nobody knows everything, all of which was shown', proved(['5 CN=Stranger']), false],
    ['of which nobody knows everything, and which was cut short', proved(['5 CN=Stranger'], true), true],
  ])('TR-04 AN-06 refuses a token that is bound to a certificate %s', (_, certificate, isRefused) => {
    expect(revoke([LEAF], KNOWN).refuses(certificate)).toBe(isRefused);
  });

  it.each<
    readonly [
      what: string,
      kind: string,
      claims: Record<string, unknown>,
      bound: readonly string[] | undefined,
      stands: boolean,
    ]
  >([
    ['whose token is bound to it', 'jwt', {}, [LEAF], true],
    ['whose token is bound to another one', 'jwt', {}, [OTHER], false],
    ['whose token is bound to none', 'jwt', {}, undefined, false],
    ['whose identity it is', 'client-certificate', { certificate: { chain: [LEAF] } }, undefined, true],
    [
      'whose identity it is, with a token that is bound to another one',
      'client-certificate',
      { certificate: { chain: [LEAF] } },
      [OTHER],
      true,
    ],
    ['whose identity is another one', 'client-certificate', { certificate: { chain: [OTHER] } }, undefined, false],
    ['that has it in a claim of its token', 'jwt', { certificate: { chain: [LEAF] } }, undefined, false],
    ['of an identity of the application that is called the same', 'client-certificate', {}, undefined, false],
    ['of one that has another claim of that name', 'client-certificate', { certificate: 'x' }, undefined, false],
    ['of one whose chain is a text', 'client-certificate', { certificate: { chain: LEAF } }, undefined, false],
  ])('TR-04 SL-05 finds a connection %s', (_, kind, claims, bound, stands) => {
    const certificate = bound === undefined ? undefined : proved(bound);
    expect(revoke([LEAF], KNOWN).hasThatOf({ principal: principal(kind, claims), certificate })).toBe(stands);
  });
});
