import { describe, expect, it } from 'vitest';
import { findCredentials, messageCredential } from './credentials.js';

const TOKEN = 'aaa.bbb.ccc';
const none: readonly string[] = [];

describe('findCredentials', () => {
  it.each(['Bearer', 'bearer', 'BEARER'])('J30 takes the scheme %s in any case', (scheme) => {
    const found = findCredentials({ authorization: `${scheme} ${TOKEN}`, subprotocols: none });
    expect(found.problem).toBeUndefined();
    expect(found.credential).toEqual({ scheme: 'bearer', value: TOKEN, source: 'authorization' });
  });

  it.each([
    ['two spaces', `Bearer  ${TOKEN}`],
    ['a tab', `Bearer\t${TOKEN}`],
    ['no space', `Bearer${TOKEN}`],
    ['no value', 'Bearer'],
    ['an empty value', 'Bearer '],
    ['a space in front', ` Bearer ${TOKEN}`],
    ['a space behind', `Bearer ${TOKEN} `],
    ['two values', `Bearer ${TOKEN} ${TOKEN}`],
    ['two fields joined by a comma', `Bearer ${TOKEN}, Bearer ${TOKEN}`],
    ['a comma without a space', `Bearer ${TOKEN},Bearer`],
    ['quotes', `Bearer "${TOKEN}"`],
    ['padding in the middle', 'Bearer aa=a'],
    ['a parameter list', 'Digest username="a", realm="b"'],
    ['a line break', `Bearer ${TOKEN}\n`],
    ['a NUL', `Bearer ${TOKEN}\0`],
    ['nothing at all', ''],
  ])('J30 refuses an Authorization field with %s', (_, authorization) => {
    const found = findCredentials({ authorization, subprotocols: none });
    expect(found.problem).toBe('malformed');
    expect(found.credential).toBeUndefined();
  });

  it.each(['Basic dXNlcjpwYXNz', 'basic dXNlcjpwYXNz', 'Negotiate YII=', 'NTLM TlRM'])(
    'J30 does not support the ambient scheme of "%s"',
    (authorization) => {
      const found = findCredentials({ authorization, subprotocols: none });
      expect(found.problem).toBe('unsupported-scheme');
      expect(found.credential).toBeUndefined();
      expect(found.hasAmbient).toBe(true);
    },
  );

  it('lets the explicit credential decide beside an ambient scheme', () => {
    const found = findCredentials({ authorization: 'Basic dXNlcjpwYXNz', subprotocols: [`bearer.${TOKEN}`] });
    expect(found.problem).toBeUndefined();
    expect(found.credential?.source).toBe('subprotocol');
    expect(found.hasAmbient).toBe(true);
  });

  it('hands another scheme on for an authenticator of the application', () => {
    const found = findCredentials({ authorization: 'ApiKey k_1', subprotocols: none });
    expect(found.credential).toEqual({ scheme: 'apikey', value: 'k_1', source: 'authorization' });
  });

  it('HS-10 finds the token of a browser and takes it out of the subprotocol list', () => {
    const found = findCredentials({
      authorization: undefined,
      subprotocols: ['json.v1', `bearer.${TOKEN}`, 'csrf.abc', 'other'],
    });
    expect(found.credential).toEqual({ scheme: 'bearer', value: TOKEN, source: 'subprotocol' });
    expect(found.subprotocols).toEqual(['json.v1', 'other']);
  });

  it.each([
    ['a header and a subprotocol', `Bearer ${TOKEN}`, [`bearer.${TOKEN}`]],
    ['two subprotocols', undefined, ['bearer.a.b.c', 'bearer.d.e.f']],
    ['another scheme and a subprotocol', 'ApiKey k_1', [`bearer.${TOKEN}`]],
  ])('J30 refuses two explicit credentials: %s', (_, authorization, subprotocols) => {
    const found = findCredentials({ authorization, subprotocols });
    expect(found.problem).toBe('ambiguous');
    expect(found.credential).toBeUndefined();
  });

  it.each([
    ['an empty one', ['bearer.']],
    ['one that is no token', ['bearer.a,b']],
    ['a good one beside an empty one', [`bearer.${TOKEN}`, 'bearer.']],
  ])('J30 refuses a malformed token in the subprotocol list: %s', (_, subprotocols) => {
    const found = findCredentials({ authorization: undefined, subprotocols });
    expect(found.problem).toBe('malformed');
    expect(found.credential).toBeUndefined();
  });

  it('J30 never falls back from a malformed field to a token elsewhere', () => {
    const found = findCredentials({ authorization: `Bearer  ${TOKEN}`, subprotocols: [`bearer.${TOKEN}`] });
    expect(found.problem).toBe('malformed');
    expect(found.credential).toBeUndefined();
  });

  it('finds nothing where nothing was sent', () => {
    expect(findCredentials({ authorization: undefined, subprotocols: ['json.v1'] })).toEqual({
      credential: undefined,
      problem: undefined,
      hasAmbient: false,
      subprotocols: ['json.v1'],
    });
  });

  it.each(['Basic dXNlcjpwYXNz', 'BASIC dXNlcjpwYXNz', 'Digest YQ==', 'Negotiate YII=', 'NTLM TlRM'])(
    'HS-04 calls %j an ambient credential, also beside a token',
    (authorization) => {
      for (const subprotocols of [none, ['bearer.a.b.c']]) {
        expect(findCredentials({ authorization, subprotocols }).hasAmbient).toBe(true);
      }
    },
  );

  it('HS-04 calls a cookie an ambient credential, whatever it holds', () => {
    expect(findCredentials({ authorization: undefined, subprotocols: none, cookie: '' }).hasAmbient).toBe(true);
    expect(findCredentials({ authorization: undefined, subprotocols: none }).hasAmbient).toBe(false);
  });
});

const HANDSHAKE_URL = 'https://app.example.com/ws';
const source = 'message';

describe('messageCredential', () => {
  it.each([
    [{ token: 'a' }, { scheme: 'bearer', value: 'a', source }],
    [
      { token: 'a', dpop: 'b' },
      { scheme: 'dpop', value: 'a', proof: { jwt: 'b', url: HANDSHAKE_URL }, source },
    ],
    [
      { dpop: 'b', token: 'a' },
      { scheme: 'dpop', value: 'a', proof: { jwt: 'b', url: HANDSHAKE_URL }, source },
    ],
    [{ ticket: 'a' }, { scheme: 'ticket', value: 'a', source }],
  ])('SL-09 AN-01 reads %j', (data, credential) => {
    expect(messageCredential(data, HANDSHAKE_URL)).toEqual(credential);
  });

  it.each([
    [undefined],
    [null],
    ['token'],
    [7],
    [[]],
    [['token']],
    [{}],
    [{ token: '' }],
    [{ token: 7 }],
    [{ token: ['a'] }],
    [{ token: null }],
    [{ token: 'a'.repeat(16_385) }],
    [{ dpop: 'b' }],
    [{ token: 'a', dpop: '' }],
    [{ token: 'a', dpop: { jwt: 'b' } }],
    [{ token: 'a', ticket: 'b' }],
    [{ ticket: 'a', dpop: 'b' }],
    [{ ticket: 'a', token: 'b', dpop: 'c' }],
    [{ token: 'a', scheme: 'session' }],
    [{ 'dpop,token': 'a' }],
    [{ Token: 'a' }],
    [JSON.parse('{"token":"a","__proto__":"b"}')],
  ])('J31 reads nothing from %j', (data) => {
    expect(messageCredential(data, HANDSHAKE_URL)).toBeUndefined();
  });
});
