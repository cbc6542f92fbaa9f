import { WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { SecureWsRuntime } from '../../packages/nestjs/src/secure-ws.runtime.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { goodFields, withField } from '../support/raw-handshake.js';
import { RawTcp, requestHead } from '../support/raw-tcp.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const roomy = {
  ratePerAddress: { limit: 10_000, ttl: 10_000 },
  ratePerPrincipal: { limit: 10_000, ttl: 10_000 },
  maxOpenPerPrincipal: 10_000,
  backoff: { freeFailures: 1000 },
};

const countsOf = (app: RunningApp): { pending: number; open: number } => app.app.get(SecureWsRuntime).guard.counts;

const start = (limits: object, gateway: new () => object = EchoGateway): Promise<RunningApp> =>
  startApp({ providers: [gateway], options: { handshake: { origins: [], limits: { ...roomy, ...limits } } } });

@WsAuthorize()
@WebSocketGateway({ path: '/echo' })
class FailingGateway {
  handleConnection(): void {
    throw new Error('The database is away.');
  }
}

describe('one connection more than there may be', () => {
  it.each<readonly [option: string, status: number, reason: string, isOfPrincipal: boolean]>([
    ['maxOpen', 503, 'overloaded', false],
    ['maxOpenPerAddress', 429, 'address-connections', false],
    ['maxOpenPerPrincipal', 429, 'principal-connections', true],
  ])(
    'SL-10 DR-03 is refused by %s, and admitted once another has ended',
    async (option, status, reason, isOfPrincipal) => {
      const app = await start({ [option]: 3 });
      const clients = await Promise.all(
        Array.from({ length: 3 }, () => connect(`${app.url}/echo`, { token: app.token() })),
      );
      const refusal = await handshake(`${app.url}/echo`, { token: app.token() });
      expect(refusal).toMatchObject({ status, headers: { 'retry-after': expect.any(String) as string } });
      expect(app.events.ofType('ws.handshake.refused')).toMatchObject([
        { status, reason, option: `handshake.limits.${option}` },
      ]);
      // Somebody else has no part in the cap of a principal.
      const other = await handshake(`${app.url}/echo`, { token: app.token({ sub: 'bob' }) });
      expect(other === 'open').toBe(isOfPrincipal);
      // Those who were there stay.
      for (const client of clients)
        expect(await client.request('echo', { text: 'x' })).toMatchObject({ event: 'echo' });

      clients[0]?.socket.close();
      await clients[0]?.expectClose();
      await until(() => countsOf(app).open === 2, 'its place is free');
      expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    },
  );

  it('DR-03 does not depend on who comes first: 50 at once get 3 places', async () => {
    const app = await start({ maxOpenPerPrincipal: 3 });
    const clients = await Promise.all(Array.from({ length: 50 }, () => RawTcp.open(app)));
    for (const client of clients) client.write(requestHead({ target: '/echo', fields: goodFields(app) }));
    const answers = await Promise.all(clients.map((client) => client.readHead()));
    expect(answers.filter(({ status }) => status === 101)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(47);
  });

  it('SL-10 DR-03 closes the oldest where the options say so', async () => {
    const app = await start({ maxOpenPerPrincipal: 2, onPrincipalLimit: 'close-oldest' });
    const oldest = await connect(`${app.url}/echo`, { token: app.token() });
    const second = await connect(`${app.url}/echo`, { token: app.token() });
    const third = await connect(`${app.url}/echo`, { token: app.token() });
    await oldest.expectClose(4511);
    for (const client of [second, third]) {
      expect(await client.request('echo', { text: 'x' })).toMatchObject({ event: 'echo' });
    }
  });
});

/** Every way in which a connection can end without a closing handshake, or never begin. */
const ENDS: readonly (readonly [how: string, token: (app: RunningApp) => string, end: (client: RawTcp) => Promise<void>])[] = [
  ['reset before the answer', (app) => app.token(), (client) => {
    client.reset();
    return Promise.resolve();
  }],
  ['reset when it is open', (app) => app.token(), async (client) => {
    await client.readHead();
    client.reset();
  }],
  ['ended by FIN', (app) => app.token(), async (client) => {
    await client.readHead();
    client.socket.end();
  }],
  ['ended by bytes that are no frame', (app) => app.token(), async (client) => {
    await client.readHead();
    client.write(Buffer.alloc(64, 0xff));
    client.socket.end();
  }],
  ['refused', () => 'aaaa.bbbb.cccc', async (client) => {
    await client.readResponse();
  }],
  ['refused and reset', () => 'aaaa.bbbb.cccc', (client) => {
    client.reset();
    return Promise.resolve();
  }],
]; // prettier-ignore

describe('200 connections that end without a word', () => {
  it.each(ENDS)('DR-03 leave no place taken: %s', async (_, token, end) => {
    // With any place that stayed taken, the last ones would not get one.
    const app = await start({ maxOpen: 60, maxOpenPerAddress: 60, maxOpenPerPrincipal: 60, maxPendingPerAddress: 60 });
    for (let round = 0; round < 4; round++) {
      const clients = await Promise.all(Array.from({ length: 50 }, () => RawTcp.open(app)));
      const fields = withField(goodFields(app), 'Authorization', `Bearer ${token(app)}`);
      for (const client of clients) client.write(requestHead({ target: '/echo', fields }));
      await Promise.all(clients.map(end));
      await until(() => {
        const { pending, open } = countsOf(app);
        return pending === 0 && open === 0;
      }, 'no place is taken');
    }
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    expect(await client.request('echo', { text: 'still here' })).toMatchObject({ data: { text: 'still here' } });
    expect(countsOf(app)).toEqual({ pending: 0, open: 1 });
  });

  it('DR-03 leave no place taken: the client is terminated, and handleConnection throws', async () => {
    const app = await start({ maxOpen: 60, maxOpenPerAddress: 60, maxOpenPerPrincipal: 60 }, FailingGateway);
    for (let round = 0; round < 4; round++) {
      const clients = await Promise.all(
        Array.from({ length: 50 }, () => connect(`${app.url}/echo`, { token: app.token() })),
      );
      for (const [index, client] of clients.entries()) {
        if (index % 2 === 0) client.socket.terminate();
        else await client.expectClose(1011);
      }
      await until(() => countsOf(app).open === 0, 'no place is taken');
    }
    expect(countsOf(app)).toEqual({ pending: 0, open: 0 });
  });
});
