import { type CanActivate, Injectable } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { UseHandshakeGuards, WsAuthorize, WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { SecureWsRuntime } from '../../packages/nestjs/src/secure-ws.runtime.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { type ClientShape, handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, type RunningApp, startApp } from '../support/start-app.js';

@Injectable()
class NobodyGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@UseHandshakeGuards(NobodyGuard)
@WsAuthorize()
@WebSocketGateway({ path: '/guarded' })
class GuardedGateway {
  connections = 0;

  handleConnection(): void {
    this.connections += 1;
  }
}

const many = { limit: 10_000, ttl: 10_000 };

interface Case {
  readonly path?: string;
  readonly limits?: object;
  /** How often the very same attempt is made before. */
  readonly before?: number;
  /** Connections that stay open. */
  readonly open?: number;
  readonly token?: string;
  readonly status: number;
  readonly close: number;
  readonly reason: RegExp;
}

const CASES: readonly (readonly [what: string, attack: Case])[] = [
  ['a bad token', { token: 'aaaa.bbbb.cccc', status: 401, close: 4401, reason: /^unauthenticated$/ }],
  ['the guard of a gateway', { path: '/guarded', status: 403, close: 4403, reason: /^not-admitted$/ }],
  ['the rate of an address', {
    limits: { ratePerAddress: { limit: 1, ttl: 10_000 } }, open: 1, status: 429, close: 4029, reason: /^throttled;retryAfterMs=\d+$/,
  }],
  ['the backoff of an address', {
    limits: { backoff: { freeFailures: 0 } }, token: 'aaaa.bbbb.cccc', before: 2, status: 429, close: 4029, reason: /^throttled;retryAfterMs=\d+$/,
  }],
  ['the connections of an address', { limits: { maxOpenPerAddress: 1 }, open: 1, status: 429, close: 4508, reason: /^connection-limit$/ }],
  ['the connections of a principal', { limits: { maxOpenPerPrincipal: 1 }, open: 1, status: 429, close: 4508, reason: /^connection-limit$/ }],
]; // prettier-ignore

async function start({ limits, before = 0, open = 0, path = '/echo', token }: Case): Promise<RunningApp> {
  const options = {
    handshake: { origins: [APP_ORIGIN], limits: { ratePerAddress: many, ratePerPrincipal: many, ...limits } },
  };
  const app = await startApp({ providers: [EchoGateway, GuardedGateway, NobodyGuard], options });
  for (let i = 0; i < open; i++) await connect(`${app.url}${path}`, { token: app.token() });
  for (let i = 0; i < before; i++) await handshake(`${app.url}${path}`, { token: token ?? app.token() });
  app.events.clear();
  return app;
}

const pageOf = (app: RunningApp, { token }: Case): ClientShape => ({
  origin: APP_ORIGIN,
  token: token ?? app.token(),
  tokenIn: 'subprotocol',
  protocols: ['secure-ws.v1'],
});

describe('a refusal that a page of ours can see', () => {
  it.each(CASES)('HS-20 OD-11 is a 101 and a Close frame at once: %s', async (_, attack) => {
    const app = await start(attack);
    const gateways = [app.app.get(EchoGateway), app.app.get(GuardedGateway)];
    const before = gateways.map(({ connections }) => connections);
    const client = await connect(`${app.url}${attack.path ?? '/echo'}`, pageOf(app, attack));
    expect(client.socket.protocol).toBe('secure-ws.v1');
    const { code, reason } = await client.expectClose();
    expect(code).toBe(attack.close);
    expect(reason).toMatch(attack.reason);
    // Counted as what it is: refused. Nothing was made of it, and nothing is left of it.
    expect(app.events.events).toMatchObject([{ type: 'ws.handshake.refused', status: attack.status }]);
    expect(gateways.map(({ connections }) => connections)).toEqual(before);
    expect(app.app.get(WsConnectionLifecycleService).count).toBe(attack.open ?? 0);
    expect(app.app.get(SecureWsRuntime).guard.counts).toEqual({ pending: 0, open: attack.open ?? 0 });
  });

  it.each(CASES)('HS-12 OD-06 is HTTP for everybody else: %s', async (_, attack) => {
    for (const change of [{ protocols: ['json.v1'] }, { origin: undefined }] as const) {
      const app = await start(attack);
      const { origin: own, ...rest } = pageOf(app, attack);
      const origin = 'origin' in change ? change.origin : own;
      const protocols = 'protocols' in change ? change.protocols : (rest.protocols ?? []);
      const shape = { ...rest, protocols, ...(origin === undefined ? {} : { origin }) };
      expect(await handshake(`${app.url}${attack.path ?? '/echo'}`, shape)).toMatchObject({ status: attack.status });
    }
  });

  it('HS-01 HS-12 is never shown to a page of another origin, whatever else is wrong', async () => {
    const attack: Case = { token: 'aaaa.bbbb.cccc', status: 403, close: 0, reason: /^/ };
    const app = await start(attack);
    const shape = { ...pageOf(app, attack), origin: 'https://evil.example' };
    expect(await handshake(`${app.url}/echo`, shape)).toMatchObject({ status: 403 });
  });

  it('HS-16 takes no message', async () => {
    const app = await start({ status: 401, close: 4401, reason: /^/ });
    const client = await connect(
      `${app.url}/echo`,
      pageOf(app, { token: 'a.b.c', status: 401, close: 4401, reason: /^/ }),
    );
    client.send('echo', { text: 'early' });
    await client.expectClose(4401);
    expect(app.app.get(EchoGateway).handled).toEqual([]);
    expect(app.events.ofType('ws.message.refused')).toEqual([]);
  });
});
