import { describe, expect, it } from 'vitest';
import { readSignalSubject } from './signal-subject.js';

const ISSUER = 'https://id.example.com';
const user = { format: 'iss_sub', iss: ISSUER, sub: 'alice' };
const token = { format: 'jwt_id', iss: ISSUER, jti: 't-1' };
const opaque = { format: 'opaque', id: 's-1' };
const mail = { format: 'email', email: 'alice@example.com' };
const NOBODY = { sub: undefined, sid: undefined, tokenId: undefined };

const read = (value: unknown, isOfSession = true) => readSignalSubject(value, ISSUER, isOfSession);

describe('readSignalSubject', () => {
  it.each<[string, unknown, object]>([
    ['a user', user, { sub: 'alice' }],
    ['a token', token, { tokenId: 't-1' }],
    ['a session', opaque, { sid: 's-1' }],
    ['the first name that is known', { format: 'aliases', identifiers: [mail, 'x', user, token] }, { sub: 'alice' }],
    ['a token among aliases', { format: 'aliases', identifiers: [mail, token] }, { tokenId: 't-1' }],
    ['a session among aliases', { format: 'aliases', identifiers: [opaque] }, { sid: 's-1' }],
    ['the tenth alias', { format: 'aliases', identifiers: [...Array<object>(9).fill(mail), user] }, { sub: 'alice' }],
    ['a complex user', { format: 'complex', user }, { sub: 'alice' }],
    ['a complex session', { format: 'complex', session: opaque }, { sid: 's-1' }],
    ['a session of a user', { format: 'complex', user, session: opaque }, { sub: 'alice', sid: 's-1' }],
    ['a complex subject of earlier drafts', { user, session: opaque }, { sub: 'alice', sid: 's-1' }],
    ['a device beside a user', { format: 'complex', user, device: mail }, { sub: 'alice' }],
    ['a user that is named by a token', { format: 'complex', user: token }, { tokenId: 't-1' }],
    [
      'the token of a session before that of its user',
      { format: 'complex', user: { ...token, jti: 't-2' }, session: token },
      { tokenId: 't-1' },
    ],
  ])('SL-04 reads %s', (_, value, found) => {
    expect(read(value)).toEqual({ ...NOBODY, ...found });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'alice'],
    ['a list', [user]],
    ['an e-mail address', mail],
    ['a format that reaches a prototype', { format: '__proto__' }],
    ['a user of another issuer', { ...user, iss: 'https://evil.example' }],
    ['a user without an issuer', { format: 'iss_sub', sub: 'alice' }],
    ['a user without a name', { ...user, sub: '' }],
    ['a user whose name is a list', { ...user, sub: ['alice'] }],
    ['a user that is called by the name of a token', { ...user, sub: undefined, jti: 't-1' }],
    ['a token of another issuer', { ...token, iss: 'https://evil.example' }],
    ['a token whose id is a number', { ...token, jti: 1 }],
    ['a token that is called by the name of a user', { ...token, jti: undefined, sub: 'alice' }],
    ['a session without an id', { format: 'opaque' }],
    ['aliases without a list', { format: 'aliases', identifiers: user }],
    ['aliases that are none', { format: 'aliases', identifiers: [] }],
    ['aliases that nobody knows', { format: 'aliases', identifiers: [mail, null, 'alice'] }],
    ['eleven aliases', { format: 'aliases', identifiers: [...Array<object>(10).fill(mail), user] }],
    ['aliases in aliases', { format: 'aliases', identifiers: [{ format: 'aliases', identifiers: [user] }] }],
    ['a complex subject in aliases', { format: 'aliases', identifiers: [{ format: 'complex', user }] }],
    ['a complex subject of nobody', { format: 'complex' }],
    ['a complex subject of a device', { format: 'complex', device: user }],
    ['an object that says nothing', {}],
    ['a session that is not understood beside a user', { format: 'complex', user, session: mail }],
    ['a user that is not understood beside a session', { format: 'complex', user: mail, session: opaque }],
    ['a user that is null beside a session', { format: 'complex', user: null, session: opaque }],
    ['a user of a complex subject by an opaque id', { format: 'complex', user: opaque }],
  ])('AN-06 knows nobody by %s', (_, value) => {
    expect(read(value)).toBeUndefined();
  });

  it('SL-04 takes an opaque id for a session only where the signal is about one', () => {
    expect(read(opaque, false)).toBeUndefined();
    expect(read({ format: 'aliases', identifiers: [opaque] }, false)).toBeUndefined();
    expect(read({ format: 'complex', session: opaque }, false)).toEqual({ ...NOBODY, sid: 's-1' });
  });
});
