import { describe, expect, it } from 'vitest';
import { createPrincipal, type PrincipalInput } from '../../core/principal.js';
import { judgeRefresh, type RefreshProblem } from './refresh-policy.js';

const BEFORE: PrincipalInput = {
  kind: 'jwt',
  issuer: 'https://id.example.com',
  id: 'alice',
  issuedAt: 1000,
  expiresAt: 9000,
};

describe('judgeRefresh', () => {
  it.each<[string, Partial<PrincipalInput>, Partial<PrincipalInput>, RefreshProblem | undefined]>([
    ['a newer token', {}, { issuedAt: 2000 }, undefined],
    ['a newer token that ends earlier', {}, { issuedAt: 2000, expiresAt: 8000 }, undefined],
    ['another session', { sessionId: 's1' }, { issuedAt: 2000, sessionId: 's2' }, undefined],
    ['another subject', {}, { issuedAt: 2000, id: 'mallory' }, 'subject'],
    ['another tenant', { tenant: 'a' }, { issuedAt: 2000, tenant: 'b' }, 'subject'],
    ['no tenant any more', { tenant: 'a' }, { issuedAt: 2000, tenant: undefined as never }, 'subject'],
    ['another issuer', {}, { issuedAt: 2000, issuer: 'https://other.example.com' }, 'subject'],
    ['the same token', {}, {}, 'stale'],
    ['the same token by its id', { tokenId: 't' }, { tokenId: 't', issuedAt: 2000 }, 'stale'],
    ['an older token that lasts longer', {}, { issuedAt: 999, expiresAt: 99_000 }, 'stale'],
    ['one of the same second that lasts longer', {}, { expiresAt: 9001 }, undefined],
    ['a lower level', { claims: { acr: '2' } }, { issuedAt: 2000, claims: { acr: '1' } }, 'weaker'],
    ['a higher level', { claims: { acr: '2' } }, { issuedAt: 2000, claims: { acr: '10' } }, undefined],
    ['a lower level, as numbers', { claims: { acr: 2 } }, { issuedAt: 2000, claims: { acr: 1 } }, 'weaker'],
    ['a higher level, as numbers', { claims: { acr: 2 } }, { issuedAt: 2000, claims: { acr: 10 } }, undefined],
    [
      'a level with no end of digits',
      { claims: { acr: '2' } },
      { issuedAt: 2000, claims: { acr: '9'.repeat(16) } },
      'weaker',
    ],
    ['another level without order', { claims: { acr: 'gold' } }, { issuedAt: 2000, claims: { acr: 'pure' } }, 'weaker'],
    ['the same level', { claims: { acr: 'gold' } }, { issuedAt: 2000, claims: { acr: 'gold' } }, undefined],
    ['no level any more', { claims: { acr: '1' } }, { issuedAt: 2000 }, 'weaker'],
    ['a level for the first time', {}, { issuedAt: 2000, claims: { acr: '1' } }, undefined],
    ['a method less', { claims: { amr: ['pwd', 'otp'] } }, { issuedAt: 2000, claims: { amr: ['pwd'] } }, 'weaker'],
    ['methods as text', { claims: { amr: ['pwd'] } }, { issuedAt: 2000, claims: { amr: 'pwd' } }, 'weaker'],
    ['a method more', { claims: { amr: ['pwd'] } }, { issuedAt: 2000, claims: { amr: ['otp', 'pwd'] } }, undefined],
    ['an older log-in', { claims: { auth_time: 5 } }, { issuedAt: 2000, claims: { auth_time: 4 } }, 'weaker'],
    [
      'another bound key',
      { claims: { cnf: { jkt: 'a' } } },
      { issuedAt: 2000, claims: { cnf: { jkt: 'b' } } },
      'weaker',
    ],
    ['a key that is not bound', { claims: { cnf: { jkt: 'a' } } }, { issuedAt: 2000 }, 'weaker'],
    [
      'the same bound key',
      { claims: { cnf: { jkt: 'a' } } },
      { issuedAt: 2000, claims: { cnf: { jkt: 'a' } } },
      undefined,
    ],
  ])('AN-16 J28 %s', (_what, before, after, problem) => {
    const [one, two] = [createPrincipal({ ...BEFORE, ...before }), createPrincipal({ ...BEFORE, ...after })];
    expect(judgeRefresh(one, two)).toBe(problem);
  });
});
