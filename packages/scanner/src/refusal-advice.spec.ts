import { expect, it } from 'vitest';
import { adviceFor } from './refusal-advice.js';

it.each([
  [
    403,
    undefined,
    false,
    'it asks for an Origin that it knows, --origin https://app.example.com, or for another credential',
  ],
  [403, 'https://a.example', true, 'it asks for another Origin than https://a.example; or for another credential'],
  [
    403,
    'https://a.example',
    false,
    'it asks for another Origin than https://a.example, or TLS for it: leave --origin out on loopback, or scan wss://; or for another credential',
  ],
  [404, 'https://a.example', false, 'the path is wrong'],
  [418, undefined, true, 'look at what the server expects of a handshake'],
])('SC-04 says what to change after a %s, with the Origin %s', (status, origin, isSecure, advice) => {
  expect(adviceFor(status, origin, isSecure)).toBe(advice);
});
