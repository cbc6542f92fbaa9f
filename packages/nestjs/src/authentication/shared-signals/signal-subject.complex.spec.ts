import { describe, expect, it } from 'vitest';
import { readSignalSubject } from './signal-subject.js';

const ISSUER = 'https://one.example';
const alice = { format: 'iss_sub', iss: ISSUER, sub: 'alice' };
const bob = { format: 'iss_sub', iss: ISSUER, sub: 'bob' };
const session = { format: 'opaque', id: 's' };
const token = { format: 'jwt_id', iss: ISSUER, jti: 't' };
const aliases = (...identifiers: readonly object[]) => ({ format: 'aliases', identifiers });
const complex = (parts: object) => ({ format: 'complex', ...parts });
const nobody = { sub: undefined, sid: undefined, tokenId: undefined };

describe('readSignalSubject of a complex subject', () => {
  it.each<readonly [what: string, subject: unknown, found: object | undefined]>([
    ['a user', complex({ user: alice }), { ...nobody, sub: 'alice' }],
    ['a session of a user', complex({ user: alice, session }), { ...nobody, sub: 'alice', sid: 's' }],
    ['the token of a session, and not its user', complex({ user: alice, session: token }), { ...nobody, tokenId: 't' }],
    ['a session, and not the token of its user', complex({ user: token, session }), { ...nobody, sid: 's' }],
    ['the session among several names', complex({ session: aliases(alice, session) }), { ...nobody, sid: 's' }],
    ['nobody where the session is a user', complex({ session: alice }), undefined],
    ['nobody where the session is another user', complex({ user: alice, session: bob }), undefined],
    ['nobody where the user is complex', complex({ user: complex({ user: alice, session }) }), undefined],
    ['nobody where the user has no format', complex({ user: { user: alice, session } }), undefined],
    ['nobody where the user is a session', complex({ user: session }), undefined],
    ['nobody in aliases of aliases', aliases(aliases(alice)), undefined],
    ['nobody in nothing', complex({}), undefined],
  ])('SL-05 finds %s', (_what, subject, found) => {
    expect(readSignalSubject(subject, ISSUER, true)).toEqual(found);
  });
});
