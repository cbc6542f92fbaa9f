import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureGateway, type SecureGatewayOptions, WsApiKeyStore, WsAuthorize } from '@secure-ws/nestjs';
import { interval, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { type Deferred, deferred } from '../support/deferred.js';
import { EchoGateway, Text } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const PARTNER = 'http://localhost:4300';

class NoKeys extends WsApiKeyStore {
  override find(): undefined {
    return undefined;
  }
}

@SecureGateway({
  origins: [PARTNER],
  limits: {
    maxMessageBytes: 100,
    connection: [{ limit: 3, ttl: 1000 }],
    handlerTimeoutMs: 1000,
    maxConcurrentHandlers: 1,
    maxStreams: 1,
    idleTimeoutMs: 20_000,
    maxLifetimeMs: 60_000,
  },
})
@WebSocketGateway({ path: '/strict' })
@WsAuthorize()
class StrictGateway {
  readonly running: Deferred<void>[] = [];

  @SubscribeMessage('echo')
  echo(@MessageBody() text: Text): Text {
    return text;
  }

  @SubscribeMessage('slow')
  async slow(): Promise<void> {
    const end = deferred();
    this.running.push(end);
    await end.promise;
  }

  @SubscribeMessage('stream')
  stream(): Observable<number> {
    return interval(3_600_000);
  }
}

/** Beside the strict one, on the same path. */
@WebSocketGateway({ path: '/strict' })
@WsAuthorize()
class NeighbourGateway {
  @SubscribeMessage('other')
  other(@MessageBody() text: Text): Text {
    return text;
  }
}

const start = async () => {
  const clock = new FakeClock(Date.now());
  const app = await startApp({ providers: [StrictGateway, NeighbourGateway, EchoGateway], clock });
  const open = (path: string) => connect(`${app.url}${path}`, { token: app.token() });
  return { app, clock, open };
};

/** Boots with a gateway that has these settings. */
function gatewayWith(options: SecureGatewayOptions, path = '/x') {
  @SecureGateway(options)
  @WebSocketGateway({ path })
  @WsAuthorize()
  class SettingsGateway {}
  return SettingsGateway;
}

describe('the settings of one gateway', () => {
  it('DR-01 limit its messages, and nobody else’s', async () => {
    const { open } = await start();
    const [strict, other] = [await open('/strict'), await open('/echo')];
    const text = 'x'.repeat(200);
    expect(await other.request('echo', { text })).toMatchObject({ data: { text } });
    strict.send('echo', { text });
    await strict.expectClose(1009);
  });

  it('DR-01 hold for every gateway of its path', async () => {
    const { open } = await start();
    const client = await open('/strict');
    client.send('other', { text: 'x'.repeat(200) });
    expect(await client.expectClose(1009)).toMatchObject({ code: 1009 });
  });

  it('DR-05 limit how often it is sent to', async () => {
    const { open } = await start();
    const [strict, other] = [await open('/strict'), await open('/echo')];
    for (let count = 0; count < 3; count++) await strict.request('echo', { text: 'x' });
    strict.send('echo', { text: 'x' });
    expectError(await strict.next(), 'THROTTLED');
    for (let count = 0; count < 6; count++) {
      expect(await other.request('echo', { text: 'x' })).toMatchObject({ event: 'echo' });
    }
  });

  it('DR-09 DR-08 limit its handlers and streams', async () => {
    const { app, clock, open } = await start();
    const client = await open('/strict');
    client.send('stream', undefined, 1);
    client.send('stream', undefined, 2);
    expectError(await client.next(), 'OVERLOADED');
    client.send('slow', undefined, 3);
    await until(() => app.app.get(StrictGateway).running.length === 1, 'the handler runs');
    clock.advance(1500);
    const reply = await client.next();
    expectError(reply, 'TIMEOUT');
    expect(reply.id).toBe(3);
    clock.advance(1500);
    await client.expectClose(1011);
  });

  it('SL-08 SL-07 end its connections earlier', async () => {
    const { clock, open } = await start();
    const [idle, busy, other] = [await open('/strict'), await open('/strict'), await open('/echo')];
    const talk = async () => {
      for (const client of [busy, other]) await client.request('echo', { text: 'x' });
    };
    for (let second = 0; second < 50; second += 5) {
      clock.advance(5000);
      await talk();
      if (second === 25) await idle.expectClose(4004);
    }
    // The jitter takes up to a tenth of the lifetime: before 54 s nobody may be closed, after 60 s everybody must be.
    clock.advance(3500);
    await talk();
    clock.advance(7500);
    await busy.expectClose(4002);
    expect(await other.request('echo', { text: 'x' })).toMatchObject({ event: 'echo' });
  });

  it('HS-01 take the place of the origins of the module', async () => {
    const { app } = await start();
    const token = app.token();
    const from = (origin: string, path: string) =>
      handshake(`${app.url}${path}`, { origin, token, tokenIn: 'subprotocol' });
    expect(await from(PARTNER, '/strict')).toBe('open');
    expect(await from(APP_ORIGIN, '/strict')).toMatchObject({ status: 403 });
    expect(await from(PARTNER, '/echo')).toMatchObject({ status: 403 });
    expect(await from(APP_ORIGIN, '/echo')).toBe('open');
  });

  it('AN-01 take the place of its authentication', async () => {
    @SecureGateway({ authentication: { jwt: { ...TEST_JWT, audience: 'partners' } } })
    @WebSocketGateway({ path: '/partners' })
    @WsAuthorize()
    class PartnersGateway {}
    const app = await startApp({ providers: [PartnersGateway, EchoGateway] });
    expect(await handshake(`${app.url}/partners`, { token: app.token() })).toMatchObject({ status: 401 });
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
  });

  it('MO-12 are warned about where they are looser', async () => {
    const gateway = gatewayWith({ limits: { maxMessageBytes: 100_000, idleTimeoutMs: Infinity } });
    const app = await startApp({ providers: [gateway] });
    const options = app.events.ofType('ws.config.weak').map(({ option }) => option);
    expect(options.some((option) => option.includes('maxMessageBytes'))).toBe(true);
    expect(options.some((option) => option.includes('idleTimeoutMs'))).toBe(true);
  });

  it.each([
    ['tokens that are bound to nothing', { jwt: TEST_JWT }, true],
    ['bound tokens only', { jwt: TEST_JWT, dpop: { required: true } }, false],
    ['no tokens', { apiKeys: { store: new NoKeys() } }, false],
  ])('MO-12 AN-06 are warned about where they take %s, and the module does not', async (_, own, isWarned) => {
    const authentication = { jwt: TEST_JWT, dpop: { required: true } };
    const app = await startApp({ providers: [gatewayWith({ authentication: own })], options: { authentication } });
    const warnings = app.events.ofType('ws.config.weak').map(({ option, warning }) => `${option} ${warning}`);
    expect(warnings.some((text) => /@SecureGateway.*dpop.*bound to nothing/.test(text))).toBe(isWarned);
  });

  it.each([
    ['more messages', [{ limit: 400, ttl: 1000 }], true],
    ['fewer messages', [{ limit: 4, ttl: 1000 }], false],
  ])('MO-12 are warned about where a list of rules allows %s', async (_, connection, isWarned) => {
    const app = await startApp({ providers: [gatewayWith({ limits: { connection } })] });
    const options = app.events.ofType('ws.config.weak').map(({ option }) => option);
    expect(options.some((option) => option.endsWith('limits.connection'))).toBe(isWarned);
  });

  it.each<readonly [what: string, options: object]>([
    ['a limit of 0', { limits: { maxMessageBytes: 0 } }],
    ['a limit above its ceiling', { limits: { maxMessageBytes: 1e9 } }],
    ['a negative limit', { limits: { maxStreams: -1 } }],
    ['a misspelt limit', { limits: { maxMessageByte: 100 } }],
    ['a misspelt option', { anonymus: true }],
    ['a limit without a number', { limits: { maxLifetimeMs: '1h' } }],
    ['an empty list of windows', { limits: { connection: [] } }],
    ['an origin that is none', { origins: ['*'] }],
    ['an authenticator without a key', { authentication: { jwt: {} } }],
    ['something else than true', { anonymous: 'yes' }],
  ])('DP-02 stop the boot with %s', async (_, options) => {
    const problems = await bootProblems({ providers: [gatewayWith(options)] });
    expect(problems.length).toBeGreaterThan(0);
    for (const { where } of problems) expect(where).toContain('SettingsGateway');
  });

  it('DP-02 stop the boot where two gateways of a path each have their own', async () => {
    const providers = [gatewayWith({ anonymous: true }, '/x'), gatewayWith({ limits: { maxStreams: 2 } }, '/x/')];
    expect(await bootProblems({ providers })).toMatchObject([
      { problem: expect.stringContaining('@SecureGateway') as string },
    ]);
  });
});
