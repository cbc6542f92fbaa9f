import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { answerTo, expectWholeRefusal, goodFields, refusalOf, withField } from '../support/raw-handshake.js';
import { fieldOf } from '../support/raw-response.js';
import type { RawRequest } from '../support/raw-tcp.js';
import { APP_ORIGIN, type RunningApp, sharedApp } from '../support/start-app.js';

describe('a handshake that two parsers could read differently', () => {
  const app = sharedApp({ providers: [EchoGateway] });

  const expectRefused = async (status: number, reason: string, request: Partial<RawRequest>): Promise<void> => {
    const { connections } = app().app.get(EchoGateway);
    app().events.clear();
    const response = await refusalOf(app(), request);
    expectWholeRefusal(response, status);
    expect(app().events.ofType('ws.handshake.refused')).toMatchObject([{ status, reason }]);
    expect(app().app.get(EchoGateway).connections).toBe(connections);
  };

  it('HS-05 HS-06 HS-07 is admitted without the trick', async () => {
    expect(await answerTo(app())).toMatchObject({ status: 101 });
  });

  const KEY = Buffer.alloc(16, 1).toString('base64');
  it.each<readonly [name: string, first: (app: RunningApp) => string, second: (app: RunningApp) => string]>([
    ['Host', ({ host }) => host, ({ host }) => host],
    ['Host', ({ host }) => host, () => 'evil.example'],
    ['Host', () => 'evil.example', ({ host }) => host],
    ['Origin', () => APP_ORIGIN, () => APP_ORIGIN],
    ['Origin', () => APP_ORIGIN, () => 'https://evil.example'],
    ['Origin', () => 'https://evil.example', () => APP_ORIGIN],
    ['Origin', () => APP_ORIGIN, () => ''],
    ['Authorization', ({ token }) => `Bearer ${token()}`, ({ token }) => `Bearer ${token({ sub: 'bob' })}`],
    ['Authorization', ({ token }) => `Bearer ${token()}`, () => ''],
    ['Authorization', () => 'Basic YTpi', ({ token }) => `Bearer ${token()}`],
    ['Cookie', () => 'sid=alice', () => 'sid=bob'],
    ['Cookie', () => 'theme=dark', () => 'sid=bob'],
    ['Sec-WebSocket-Key', () => KEY, () => KEY],
    ['Sec-WebSocket-Version', () => '13', () => '13'],
    ['Sec-WebSocket-Version', () => '13', () => '8'],
    ['Upgrade', () => 'websocket', () => 'h2c'],
    ['Upgrade', () => 'websocket', () => 'websocket'],
  ])('HS-05 refuses %s that comes twice', async (name, first, second) => {
    const fields = withField(goodFields(app()), name, first(app()), second(app()));
    await expectRefused(400, 'repeated-header', { fields });
  });

  it.each(['host', 'HOST', 'oRiGiN', 'AUTHORIZATION', 'sec-websocket-KEY', 'cookie'])(
    'HS-05 finds the repetition in another spelling: %s',
    async (spelling) => {
      const names = ['Host', 'Origin', 'Authorization', 'Sec-WebSocket-Key', 'Cookie'];
      const name = names.find((candidate) => candidate.toLowerCase() === spelling.toLowerCase()) ?? '';
      const usual = goodFields(app()).find(([other]) => other === name)?.[1] ?? APP_ORIGIN;
      const fields = [...withField(goodFields(app()), name, usual), [spelling, usual] as const];
      await expectRefused(400, 'repeated-header', { fields });
    },
  );

  it.each(['0', '7', '8', '12', '14', '013', '13, 8', '8, 13', '13,13', '+13', '13.0', '1e1', '0x0d', '', 'thirteen'])(
    'HS-06 speaks version 13 only, and says so, to version %j',
    async (version) => {
      const fields = withField(goodFields(app()), 'Sec-WebSocket-Version', version);
      const response = await refusalOf(app(), { fields });
      expectWholeRefusal(response, 426);
      expect(fieldOf(response, 'sec-websocket-version')).toBe('13');
    },
  );

  it('HS-06 does not take a request without a version for one of version 13', async () => {
    await expectRefused(426, 'unsupported-version', { fields: withField(goodFields(app()), 'Sec-WebSocket-Version') });
  });

  it.each(['POST', 'HEAD', 'PUT', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    'HS-07 OD-07 refuses the method %s',
    async (method) => {
      await expectRefused(405, 'method-not-allowed', { method });
      expect(fieldOf(await refusalOf(app(), { method }), 'allow')).toBe('GET');
    },
  );

  it('HS-07 refuses HTTP/1.0', async () => {
    await expectRefused(400, 'bad-http-version', { version: 'HTTP/1.0' });
  });

  it.each([
    'h2c',
    'websocket, h2c',
    'h2c, websocket',
    'websocket/13',
    'web socket',
    'websockets',
    '"websocket"',
    'TLS/1.0',
  ])('HS-07 refuses the upgrade to %s', async (upgrade) => {
    await expectRefused(400, 'bad-upgrade', { fields: withField(goodFields(app()), 'Upgrade', upgrade) });
  });

  it('HS-07 refuses to smuggle h2c past a proxy', async () => {
    const fields = [
      ...withField(withField(goodFields(app()), 'Upgrade', 'h2c'), 'Connection', 'Upgrade, HTTP2-Settings'),
      ['HTTP2-Settings', 'AAMAAABkAARAAAAAAAIAAAAA'],
    ] as const;
    const response = await refusalOf(app(), { fields }, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    expectWholeRefusal(response, 400);
  });

  it.each([
    ['short', Buffer.alloc(15).toString('base64')],
    ['long', Buffer.alloc(17).toString('base64')],
    ['empty', ''],
    ['no base64', '!!!!!!!!!!!!!!!!!!!!!!=='],
    ['in the URL alphabet', '-_-_-_-_-_-_-_-_-_-_-A=='],
    ['without padding', Buffer.alloc(16).toString('base64').replaceAll('=', '')],
    ['not canonical', 'AAAAAAAAAAAAAAAAAAAAAB=='],
    ['two in a list', `${KEY}, ${KEY}`],
  ])('HS-07 refuses a key that is %s', async (_, key) => {
    await expectRefused(400, 'bad-key', { fields: withField(goodFields(app()), 'Sec-WebSocket-Key', key) });
  });

  it('HS-07 refuses a handshake without a key', async () => {
    await expectRefused(400, 'bad-key', { fields: withField(goodFields(app()), 'Sec-WebSocket-Key') });
  });

  it.each([
    ['Content-Length', '5'],
    ['Transfer-Encoding', 'chunked'],
  ])('HS-07 HS-12 refuses a handshake with a body: %s', async (name, value) => {
    await expectRefused(400, 'unexpected-body', { fields: [...goodFields(app()), [name, value]] });
  });
});
