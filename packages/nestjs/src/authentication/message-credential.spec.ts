import { describe, expect, it } from 'vitest';
import { messageCredential } from './message-credential.js';

const URL = 'https://app.example.com/ws';
const source = 'message';

describe('messageCredential', () => {
  it.each([
    [{ token: 'a' }, { scheme: 'bearer', value: 'a', source }],
    [
      { token: 'a', dpop: 'b' },
      { scheme: 'dpop', value: 'a', proof: { jwt: 'b', url: URL }, source },
    ],
    [
      { dpop: 'b', token: 'a' },
      { scheme: 'dpop', value: 'a', proof: { jwt: 'b', url: URL }, source },
    ],
    [{ ticket: 'a' }, { scheme: 'ticket', value: 'a', source }],
  ])('SL-09 AN-01 reads %j', (data, credential) => {
    expect(messageCredential(data, URL)).toEqual(credential);
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
    expect(messageCredential(data, URL)).toBeUndefined();
  });
});
