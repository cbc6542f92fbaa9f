import { describe, expect, it } from 'vitest';
import { type RawRequest, readRequestHead } from './request-head.js';
import { checkRequestShape } from './request-shape.js';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const GOOD: readonly (readonly [string, string])[] = [
  ['Host', 'chat.example.com'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', KEY],
  ['Sec-WebSocket-Version', '13'],
];

type Field = readonly [name: string, value: string];

function reasonOf(fields: readonly Field[], request: Partial<RawRequest> = {}): string | undefined {
  const head = readRequestHead({
    method: 'GET',
    httpVersion: '1.1',
    url: '/chat',
    rawHeaders: fields.flat(),
    ...request,
  });
  return checkRequestShape(head, 100)?.reason;
}

/** The good request with one field changed (`undefined`: left out). */
const changed = (name: string, value: string | undefined): readonly Field[] =>
  GOOD.flatMap((field): Field[] => (field[0] !== name ? [field] : value === undefined ? [] : [[name, value]]));

describe('checkRequestShape', () => {
  it.each([
    ['as a client sends it', GOOD],
    ['in other case', changed('Upgrade', 'WebSocket')],
    ['with more connection options', changed('Connection', 'keep-alive, upgrade')],
    ['with the options in two fields', [...changed('Connection', 'keep-alive'), ['connection', 'Upgrade']] as Field[]],
    ['with an empty body declared', [...GOOD, ['Content-Length', '0']] as Field[]],
    [
      'with its subprotocols in two fields',
      [...GOOD, ['Sec-WebSocket-Protocol', 'a'], ['Sec-WebSocket-Protocol', 'b']] as Field[],
    ],
  ])('HS-07 lets a handshake pass %s', (_, fields) => {
    expect(reasonOf(fields)).toBeUndefined();
  });

  it.each([
    'X-Forwarded-For',
    'forwarded',
    'X-Real-IP',
    'Origin',
    'COOKIE',
    'Authorization',
    'Host',
    'Sec-WebSocket-Key',
  ])('DP-07 refuses a Connection field that would make a proxy remove %s', (name) => {
    for (const value of [`Upgrade, ${name}`, `${name} ,upgrade`, `keep-alive,\t${name},Upgrade`]) {
      expect(reasonOf(changed('Connection', value))).toBe('bad-connection');
    }
  });

  it.each(['keep-alive, Upgrade', 'Upgrade, HTTP2-Settings', 'Upgrade, TE', 'Upgrade, Keep-Alive, close', 'Upgrade,,'])(
    'DP-07 lets a Connection field pass that names only what is meant for one hop: %s',
    (value) => {
      expect(reasonOf(changed('Connection', value))).toBeUndefined();
    },
  );

  it.each(['POST', 'HEAD', 'OPTIONS', 'CONNECT', 'get', undefined])('HS-07 refuses the method %s', (method) => {
    expect(reasonOf(GOOD, { method })).toBe('method-not-allowed');
  });

  it.each(['1.0', '0.9', '2.0', '1.10'])('HS-07 refuses HTTP/%s', (httpVersion) => {
    expect(reasonOf(GOOD, { httpVersion })).toBe('bad-http-version');
  });

  it.each([undefined, '', 'h2c', 'websocket, h2c', 'h2c, websocket', 'websocket/13', 'websockets', 'web socket'])(
    'HS-07 refuses Upgrade: %s',
    (value) => {
      expect(reasonOf(changed('Upgrade', value))).toBe('bad-upgrade');
    },
  );

  it.each([undefined, '', 'close', 'keep-alive', 'upgrades', 'Upgrade-Insecure', 'upgrade keep-alive'])(
    'HS-07 refuses Connection: %s',
    (value) => {
      expect(reasonOf(changed('Connection', value))).toBe('bad-upgrade');
    },
  );

  it.each([
    undefined,
    '',
    'short',
    'dGhlIHNhbXBsZSBub25jZQ=',
    'dGhlIHNhbXBsZSBub25jZQ',
    'dGhlIHNhbXBsZSBub25jZR==',
    'dGhlIHNhbXBsZSBub25j!Q==',
    'dGhlIHNhbXBsZSBub25jZQ== ',
    'dGhlIHNhbXBsZSBub25jZQAA',
    'dGhlIHNhbXBsZSBub25jZQ==dGhl',
  ])('HS-07 refuses the key %s', (value) => {
    expect(reasonOf(changed('Sec-WebSocket-Key', value))).toBe('bad-key');
  });

  it.each([undefined, '', '0', '7', '8', '12', '14', '13, 8', '8, 13', '+13', '13.0', '013', '1３'])(
    'HS-06 refuses version %s',
    (value) => {
      expect(reasonOf(changed('Sec-WebSocket-Version', value))).toBe('unsupported-version');
    },
  );

  it.each([
    ['Host', 'evil.example'],
    ['host', 'chat.example.com'],
    ['ORIGIN', 'https://evil.example'],
    ['Authorization', 'Bearer b'],
    ['Cookie', 'sid=b'],
    ['Sec-WebSocket-Key', KEY],
    ['Sec-WebSocket-Version', '13'],
    ['Upgrade', 'websocket'],
  ] as readonly Field[])('HS-05 refuses a second %s', (name, value) => {
    const first: readonly Field[] = [
      ['Origin', 'https://app.example.com'],
      ['Authorization', 'Bearer a'],
      ['Cookie', 'sid=a'],
    ];
    expect(reasonOf([...GOOD, ...first])).toBeUndefined();
    expect(reasonOf([...GOOD, ...first, [name, value]])).toBe('repeated-header');
  });

  it('HS-05 counts a field whose first value is empty', () => {
    expect(reasonOf([...GOOD, ['Origin', ''], ['Origin', 'https://app.example.com']])).toBe('repeated-header');
  });

  it.each([
    ['Content-Length', '5'],
    ['Content-Length', '00'],
    ['Content-Length', ''],
    ['Transfer-Encoding', 'chunked'],
    ['Transfer-Encoding', ''],
  ] as readonly Field[])('HS-12 refuses a body announced by %s: %s', (name, value) => {
    expect(reasonOf([...GOOD, [name, value]])).toBe('unexpected-body');
  });

  it.each([
    [100, undefined],
    [101, 'too-many-headers'],
    [1_000, 'too-many-headers'],
    [2_100, 'too-many-headers'],
  ])('HS-13 judges a request of %i header fields: %s', (count, expected) => {
    const filler = Array.from({ length: count - GOOD.length }, (_, index): Field => [`x-${index}`, '1']);
    expect(reasonOf([...filler, ...GOOD])).toBe(expected);
  });

  it('HS-13 judges the count before anything that may have been cut off', () => {
    const filler = Array.from({ length: 1_000 }, (_, index): Field => [`x-${index}`, '1']);
    expect(reasonOf(filler, { method: 'POST' })).toBe('too-many-headers');
  });
});
