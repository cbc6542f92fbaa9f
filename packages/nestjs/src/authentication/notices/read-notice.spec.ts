import { describe, expect, it } from 'vitest';
import { readNotice } from './read-notice.js';

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const TOKEN = `${part({ typ: 'kind+jwt', alg: 'RS256', kid: 'k' })}.${part({ iss: 'i' })}.AAAA`;

/** A gateway's options for the issuer of the token. */
const issuer = (typ: string, signature: unknown, answer: unknown = {}) => ({
  rules: { issuer: 'i' },
  signatures: { verify: () => signature },
  ...{ typ, answer },
});

const read = (...issuers: readonly ReturnType<typeof issuer>[]) =>
  readNotice<never, object>(
    TOKEN,
    issuers as never,
    {
      typOf: ({ typ }: ReturnType<typeof issuer>) => new Set([typ]),
      read: (_: unknown, { answer }: ReturnType<typeof issuer>) => answer,
    } as never,
  );

describe('readNotice', () => {
  const [signed, otherType, otherKey] = [
    issuer('kind+jwt', {}, 'bad-audience'),
    issuer('x', {}),
    issuer('kind+jwt', 'unknown-key'),
  ];

  it.each<[string, readonly ReturnType<typeof issuer>[], string, boolean]>([
    ['nobody knows its issuer', [], 'bad-issuer', false],
    ['its type is another', [otherType], 'bad-type', false],
    ['its key is another', [otherType, otherKey], 'unknown-key', false],
    ['it is for another', [signed], 'bad-audience', true],
    ['it is for another, and of no type of a gateway', [signed, otherType, otherKey], 'bad-audience', true],
    ['of no type of a gateway, and for another', [otherType, otherKey, signed], 'bad-audience', true],
  ])('AN-10 says whether a notice is signed that is refused because %s', async (_, issuers, failure, isSigned) => {
    expect(await read(...issuers)).toEqual({ refused: { failure, isSigned } });
  });

  it('SL-04 takes one that anybody takes', async () => {
    expect(await read(otherType, signed, issuer('kind+jwt', {}, { sub: 'a' }))).toEqual({ claims: { sub: 'a' } });
  });
});
