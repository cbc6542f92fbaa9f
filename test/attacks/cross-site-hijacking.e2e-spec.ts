import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { handshake } from '../support/handshake.js';
import { sharedApp } from '../support/start-app.js';

const ALLOWED = 'https://app.example';

const LOOKALIKES: readonly (readonly [trick: string, origin: string])[] = [
  ['another site', 'https://evil.example'],
  ['the allowed host as a prefix', 'https://app.example.evil.com'],
  ['the allowed host as a suffix', 'https://evil-app.example'],
  ['the allowed host as a suffix without a dash', 'https://evilapp.example'],
  ['any character for the dot', 'https://appAexample'],
  ['a subdomain', 'https://www.app.example'],
  ['the parent', 'https://example'],
  ['plaintext', 'http://app.example'],
  ['plaintext on the TLS port', 'http://app.example:443'],
  ['another scheme', 'wss://app.example'],
  ['a longer scheme', 'httpss://app.example'],
  ['another port', 'https://app.example:444'],
  ['port zero', 'https://app.example:0'],
  ['a port that wraps around', 'https://app.example:66979'],
  ['an empty port', 'https://app.example:'],
  ['a path', 'https://app.example/'],
  ['a query', 'https://app.example?x'],
  ['a fragment', 'https://app.example#x'],
  ['the allowed host as user name', 'https://app.example@evil.com'],
  ['a user name before the allowed host', 'https://evil.com@app.example'],
  ['the allowed host before a backslash', 'https://app.example\\.evil.com'],
  ['the allowed host before a backtick', 'https://app.example`evil.com'],
  ['the allowed host before an underscore', 'https://app.example_evil.com'],
  ['the allowed host before a comma', 'https://app.example,evil.com'],
  ['two origins', 'https://evil.com https://app.example'],
  ['two origins in a list', 'https://app.example, https://evil.com'],
  ['a trailing dot', 'https://app.example.'],
  ['an encoded dot', 'https://app%2Eexample'],
  ['a Cyrillic letter in punycode', 'https://xn--pp-7lc.example'],
  ['a tab', 'https://app.\texample'],
  ['a scheme that is missing', 'app.example'],
  ['only slashes', '//app.example'],
  ['an empty host', 'https://'],
  ['an address of this machine', 'https://127.0.0.1'],
];

describe('a page of another origin', () => {
  const app = sharedApp({
    providers: [EchoGateway],
    https: true,
    options: { handshake: { origins: [ALLOWED, 'capacitor://localhost'] } },
  });
  // As a page does: the token beside a subprotocol, and good. Only the origin decides.
  const open = (origin?: string, headers: Record<string, string> = {}) =>
    handshake(`${app().url}/echo`, {
      token: app().token(),
      tokenIn: 'subprotocol',
      headers,
      ...(origin === undefined ? {} : { origin }),
    });

  it.each([ALLOWED, 'https://app.example:443', 'HTTPS://APP.EXAMPLE', 'capacitor://localhost'])(
    'HS-01 admits the allowed origin %s',
    async (origin) => {
      expect(await open(origin)).toBe('open');
    },
  );

  it('HS-01 refuses another origin with 403 before the upgrade, and audits it', async () => {
    const gateway = app().app.get(EchoGateway);
    const { connections } = gateway;
    app().events.clear();
    expect(await open('https://evil.example')).toMatchObject({ status: 403 });
    expect(gateway.connections).toBe(connections);
    expect(app().events.ofType('ws.connection.opened')).toEqual([]);
    expect(app().events.ofType('ws.handshake.refused')).toMatchObject([
      { status: 403, owasp: 'malicious_cors', origin: 'https://evil.example' },
    ]);
  });

  it.each(LOOKALIKES)('HS-02 refuses %s: %s', async (_, origin) => {
    expect(await open(origin)).toMatchObject({ status: 403 });
  });

  it('HS-03 refuses the opaque origin of sandboxed frames and files', async () => {
    expect(await open('null')).toMatchObject({ status: 403 });
  });

  it.each(['NULL', 'undefined', ''])('HS-03 refuses %j', async (Origin) => {
    expect(await open(undefined, { Origin })).toMatchObject({ status: 403 });
  });

  it('HS-04 admits a client without Origin that brings a credential of its own', async () => {
    expect(await open()).toBe('open');
  });

  it('HS-04 refuses a client without Origin and without a credential', async () => {
    expect(await handshake(`${app().url}/echo`)).toMatchObject({ status: 401 });
  });

  it.each(['Cookie', 'cookie'])('HS-04 refuses a client without Origin that sends a %s', async (name) => {
    expect(await open(undefined, { [name]: 'session=alice' })).toMatchObject({ status: 403 });
  });

  it('HS-04 takes Sec-WebSocket-Origin for no Origin', async () => {
    const headers = { Cookie: 'session=alice', 'Sec-WebSocket-Origin': ALLOWED };
    expect(await open(undefined, headers)).toMatchObject({ status: 403 });
  });

  it.each([
    ['Sec-Fetch-Site', 'same-origin'],
    ['Referer', `${ALLOWED}/chat`],
    ['X-Requested-With', 'XMLHttpRequest'],
    ['Access-Control-Allow-Origin', '*'],
  ])('HS-19 does not let %s vouch for another origin', async (name, value) => {
    expect(await open('https://evil.example', { [name]: value })).toMatchObject({ status: 403 });
  });
});

describe('the opaque origin, where it is named', () => {
  const app = sharedApp({
    providers: [EchoGateway],
    https: true,
    options: { handshake: { origins: [ALLOWED], dangerouslyAllowNullOrigin: true } },
  });

  it('HS-03 is admitted, and the boot says so', async () => {
    const { url, token, log, events } = app();
    expect(await handshake(`${url}/echo`, { origin: 'null', token: token(), tokenIn: 'subprotocol' })).toBe('open');
    expect(log.lines.filter((line) => line.includes('dangerouslyAllowNullOrigin'))).toHaveLength(1);
    expect(events.ofType('ws.config.weak')).toMatchObject([{ option: 'handshake.dangerouslyAllowNullOrigin' }]);
  });
});
