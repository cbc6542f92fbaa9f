import { describe, expect, it } from 'vitest';
import { type JwtClaimRules, readJwtClaims } from './jwt-claims.js';

const NOW = 1_800_000_000;
const RULES: JwtClaimRules = {
  issuer: 'https://id.example.com',
  audience: ['chat', 'desk'],
  clockToleranceMs: 30_000,
  maxAgeMs: undefined,
  maxLifetimeMs: 86_400_000,
};
const GOOD = { iss: RULES.issuer, aud: 'chat', exp: NOW + 60 };

const read = (claims: Record<string, unknown>, rules = RULES): ReturnType<typeof readJwtClaims> =>
  readJwtClaims({ ...GOOD, ...claims }, rules, NOW * 1000);

describe('readJwtClaims', () => {
  it('reads the claims of a good token', () => {
    expect(read({ jti: 't', sid: 's', iat: NOW, nbf: NOW })).toEqual({
      expiresAtMs: (NOW + 60) * 1000,
      issuedAtMs: NOW * 1000,
      jti: 't',
      sid: 's',
    });
  });

  it.each([
    [NOW + 1, 'accepted'],
    [NOW, 'expired'],
    [NOW - 1, 'expired'],
    [0, 'expired'],
    [NOW + 86_400, 'accepted'],
    [NOW + 86_401, 'bad-claims'],
    [(NOW + 60) * 1000, 'bad-claims'],
    [1e15, 'bad-claims'],
    [Infinity, 'bad-claims'],
    [NaN, 'bad-claims'],
    [-1, 'bad-claims'],
    [NOW + 0.5, 'bad-claims'],
    [String(NOW + 60), 'bad-claims'],
    [undefined, 'bad-claims'],
    [null, 'bad-claims'],
  ])('J11 SL-03 exp %j: %s', (exp, outcome) => {
    const result = read({ exp });
    expect(typeof result === 'string' ? result : 'accepted').toBe(outcome);
  });

  it.each(['nbf', 'iat'])('J12 %s may lie in the future by the tolerance and no more', (name) => {
    expect(read({ [name]: NOW + 30 })).toBeTypeOf('object');
    expect(read({ [name]: NOW + 31 })).toBe('not-yet-valid');
    expect(read({ [name]: NOW + 1 }, { ...RULES, clockToleranceMs: 0 })).toBe('not-yet-valid');
  });

  it.each([undefined, null, '', 'https://id.example.com/', 'HTTPS://id.example.com', ['https://id.example.com']])(
    'J14 refuses iss %j',
    (iss) => {
      expect(read({ iss })).toBe('bad-issuer');
    },
  );

  it.each([
    ['chat', true],
    ['desk', true],
    [['x', 'desk'], true],
    ['Chat', false],
    ['cha', false],
    ['chat desk', false],
    [[], false],
    [['x'], false],
    [[['chat']], false],
    [['chat', null], false],
    [{ chat: true }, false],
    [undefined, false],
  ])('J13 aud %j: %s', (aud, isAccepted) => {
    const result = read({ aud });
    expect(result).toEqual(isAccepted ? expect.any(Object) : 'bad-audience');
  });

  it.each([
    ['jti', 1],
    ['jti', ''],
    ['jti', null],
    ['jti', 'a\nb'],
    ['jti', 'a'.repeat(257)],
    ['sid', {}],
    ['sid', ['s']],
    ['sid', '__proto__'],
  ])('J16 refuses %s %j, which could not be revoked', (name, value) => {
    expect(read({ [name]: value })).toBe('bad-claims');
  });

  it.each([
    [{ typ: 'Bearer' }, true],
    [{ token_use: 'access' }, true],
    [{ token_use: 'id' }, true],
    [{ type: 'user' }, true],
    [{ typ: 'Refresh' }, false],
    [{ typ: 'Offline' }, false],
    [{ typ: 'ID' }, false],
    [{ token_use: 'refresh' }, false],
    [{ token_type: 'refresh_token' }, false],
  ])('AN-06 J15 a token that says it is %j: %s', (claims, isAccepted) => {
    expect(read(claims)).toEqual(isAccepted ? expect.any(Object) : 'bad-type');
  });
});
