import {
  createPrincipal,
  type Principal,
  WsAuthenticator,
  WsChallengeVerifier,
  type WsCredential,
} from '@secure-ws/nestjs';
import { type Deferred, deferred } from '../support/deferred.js';
import { describe, expect, it } from 'vitest';
import { SecureWsRuntime } from '../../packages/nestjs/src/secure-ws.runtime.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { GatedAuthenticator } from '../support/gated.authenticator.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { expectWholeRefusal, goodFields, withField } from '../support/raw-handshake.js';
import { fieldOf } from '../support/raw-response.js';
import { RawTcp, requestHead } from '../support/raw-tcp.js';
import { type RunningApp, startApp } from '../support/start-app.js';

/** Admits everybody, and counts. */
class CountingAuthenticator extends WsAuthenticator {
  override readonly kind = 'counting';
  verified = 0;

  override accepts(): boolean {
    return true;
  }

  override authenticate({ value }: WsCredential): Promise<Principal> {
    this.verified += 1;
    return Promise.resolve(createPrincipal({ kind: this.kind, issuer: 'test', id: value, authenticatedAt: 0 }));
  }
}

const countsOf = (app: RunningApp): { pending: number; open: number } => app.app.get(SecureWsRuntime).guard.counts;

/** Begins a handshake and does not wait for its answer. */
async function begin(app: RunningApp, token = 'any'): Promise<RawTcp> {
  const client = await RawTcp.open(app);
  const fields = withField(goodFields(app), 'Authorization', `Bearer ${token}`);
  client.write(requestHead({ target: '/echo', fields }));
  return client;
}

describe('a burst of handshakes from one address', () => {
  it('HS-20 is refused with 429 above the rate, and not one of those is verified', async () => {
    const authenticator = new CountingAuthenticator();
    const clock = new FakeClock(Date.now());
    const app = await startApp({
      providers: [EchoGateway],
      clock,
      options: {
        authentication: { authenticators: [authenticator] },
        // The module's own limits: 20 in 10 seconds.
        handshake: { origins: [], limits: {} },
      },
    });
    const clients = await Promise.all(Array.from({ length: 50 }, (_, index) => begin(app, `user-${index}`)));
    const answers = await Promise.all(clients.map((client) => client.readHead()));
    expect(answers.filter(({ status }) => status === 101)).toHaveLength(20);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(30);
    for (const answer of refused) {
      expectWholeRefusal(answer, 429);
      const retryAfter = Number(fieldOf(answer, 'retry-after'));
      expect(retryAfter).toBeGreaterThanOrEqual(1);
      expect(retryAfter).toBeLessThanOrEqual(10);
    }
    expect(authenticator.verified).toBe(20);
    expect(app.events.ofType('ws.handshake.refused')).toHaveLength(30);
    for (const event of app.events.ofType('ws.handshake.refused')) {
      expect(event).toMatchObject({ reason: 'address-rate', option: 'handshake.limits.ratePerAddress' });
    }
    // Of thirty refusals the operator is told once which option it was.
    expect(app.log.lines.filter((line) => line.includes('handshake.limits.ratePerAddress'))).toHaveLength(1);

    clock.advance(10_001);
    expect(await handshake(`${app.url}/echo`, { token: 'later' })).toBe('open');
  });

  it('HS-20 is refused by principal as well, wherever it comes from', async () => {
    const limits = { ratePerAddress: { limit: 1000, ttl: 10_000 }, ratePerPrincipal: { limit: 3, ttl: 10_000 } };
    const app = await startApp({ providers: [EchoGateway], options: { handshake: { origins: [], limits } } });
    for (let i = 0; i < 3; i++) expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    const refusal = await handshake(`${app.url}/echo`, { token: app.token() });
    expect(refusal).toMatchObject({ status: 429, headers: { 'retry-after': expect.any(String) as string } });
    expect(await handshake(`${app.url}/echo`, { token: app.token({ sub: 'bob' }) })).toBe('open');
  });
});

const roomy = { ratePerAddress: { limit: 10_000, ttl: 10_000 }, ratePerPrincipal: { limit: 10_000, ttl: 10_000 } };

async function startGated(limits: object): Promise<{ app: RunningApp; gate: GatedAuthenticator; clock: FakeClock }> {
  const gate = new GatedAuthenticator();
  const clock = new FakeClock(Date.now());
  const app = await startApp({
    providers: [EchoGateway],
    clock,
    options: {
      authentication: { authenticators: [gate] },
      handshake: { origins: [], limits: { ...roomy, ...limits } },
    },
  });
  return { app, gate, clock };
}

describe('handshakes whose credential is never verified', () => {
  it('HS-15 end with 503 at the deadline, every one of them, and leave nothing behind', async () => {
    const { app, gate, clock } = await startGated({});
    const clients = await Promise.all(Array.from({ length: 20 }, () => begin(app)));
    await until(() => gate.waiting === 20, 'all of them wait');
    expect(countsOf(app)).toEqual({ pending: 20, open: 0 });
    clock.advance(4999);
    expect(countsOf(app)).toEqual({ pending: 20, open: 0 });
    clock.advance(1);
    for (const client of clients) {
      const response = await client.readResponse();
      expectWholeRefusal(response, 503);
      expect(Number(fieldOf(response, 'retry-after'))).toBeGreaterThanOrEqual(1);
    }
    expect(countsOf(app)).toEqual({ pending: 0, open: 0 });
    // A verdict that comes later is nobody's.
    gate.admit('alice');
    await new Promise(setImmediate);
    expect(app.app.get(EchoGateway).connections).toBe(0);
    expect(countsOf(app)).toEqual({ pending: 0, open: 0 });
  });

  it('HS-15 DR-04 have a small cap of their own for an address, which open connections do not use up', async () => {
    const { app, gate } = await startGated({ maxPendingPerAddress: 3, maxOpenPerAddress: 100 });
    await Promise.all(Array.from({ length: 3 }, () => begin(app)));
    await until(() => gate.waiting === 3, 'three of them wait');
    const fourth = await begin(app);
    expectWholeRefusal(await fourth.readResponse(), 429);
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([
      { reason: 'address-pending', option: 'handshake.limits.maxPendingPerAddress' },
    ]);
    // Nor was it asked for a verdict.
    expect(gate.waiting).toBe(3);
    gate.admit('alice');
    await until(() => countsOf(app).open === 3, 'all three are open');
    expect(countsOf(app).pending).toBe(0);
    // The three are open now, and do not wait any more.
    for (let i = 0; i < 3; i++) {
      await begin(app);
      await until(() => gate.waiting === 1, 'the next one waits');
      gate.admit('alice');
    }
    await until(() => countsOf(app).open === 6, 'six are open');
  });

  it('HS-15 DR-04 have a cap in the process, whatever their addresses', async () => {
    const { app, gate } = await startGated({ maxPending: 2 });
    await Promise.all([begin(app), begin(app)]);
    await until(() => gate.waiting === 2, 'two of them wait');
    const third = await begin(app);
    expectWholeRefusal(await third.readResponse(), 503);
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([
      { reason: 'overloaded', option: 'handshake.limits.maxPending' },
    ]);
    gate.refuse(new Error('no'));
    await until(() => countsOf(app).pending === 0, 'nobody waits any more');
    await begin(app);
    await until(() => gate.waiting === 1, 'the next one waits');
  });

  it('DR-04 F11 do not pile up what is verified for them by resetting, and are forgotten with it', async () => {
    const { app, gate } = await startGated({ maxPendingPerAddress: 5 });
    const flood = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        const refused = app.events.ofType('ws.handshake.refused').length;
        const client = await begin(app);
        await until(
          () => gate.waiting === i + 1 || app.events.ofType('ws.handshake.refused').length > refused,
          'it waits, or was refused',
        );
        client.reset();
      }
    };
    await flood();
    expect(gate.waiting).toBe(5);
    expect(app.events.ofType('ws.handshake.refused').at(-1)).toMatchObject({ reason: 'address-pending' });
    gate.refuse(new Error('no'));
    await until(() => countsOf(app).pending === 0, 'nothing is verified any more');
    await begin(app);
    await until(() => gate.waiting === 1, 'the next one waits');
  });

  it('DR-04 F11 do not pile up the challenges that are verified for them somewhere else', async () => {
    const asked: Deferred<boolean>[] = [];
    class SlowVerifier extends WsChallengeVerifier {
      override verify(): Promise<boolean> {
        const answer = deferred<boolean>();
        asked.push(answer);
        return answer.promise;
      }
    }
    const limits = { ...roomy, maxPendingPerAddress: 3 };
    const challenge = { verifier: new SlowVerifier(), ask: 'always' as const };
    const app = await startApp({
      providers: [EchoGateway],
      options: { handshake: { origins: [], limits, challenge } },
    });
    const refusals = () => app.events.ofType('ws.handshake.refused');
    for (let i = 1; i <= 10; i++) {
      const client = await RawTcp.open(app);
      const fields = withField(goodFields(app), 'Sec-WebSocket-Protocol', 'json.v1, challenge.solved');
      client.write(requestHead({ target: '/echo', fields }));
      await until(() => asked.length === i || refusals().length === i, 'it waits, or was refused');
      client.reset();
      await until(() => refusals().length === i, 'it is gone');
    }
    expect(asked).toHaveLength(3);
    for (const answer of asked) answer.resolve(false);
    await until(() => countsOf(app).pending === 0, 'nothing is verified any more');
  });

  it('DR-04 F11 do not shut everybody out by what never ends: it counts no longer than a handshake may take', async () => {
    const { app, gate, clock } = await startGated({ maxPendingPerAddress: 5 });
    for (let i = 1; i <= 5; i++) {
      const client = await begin(app);
      await until(() => gate.waiting === i, 'it waits');
      client.reset();
      await until(() => app.events.ofType('ws.handshake.refused').length === i, 'it is gone');
    }
    expect(countsOf(app)).toEqual({ pending: 5, open: 0 });
    clock.advance(5000);
    await until(() => countsOf(app).pending === 0, 'their time is up');
    await begin(app);
    await until(() => gate.waiting === 6, 'the next one waits');
  });

  it('HS-15 HS-17 DR-03 leave nothing behind when their clients reset the connection', async () => {
    const { app, gate } = await startGated({ maxPendingPerAddress: 200 });
    const clients = await Promise.all(Array.from({ length: 100 }, () => begin(app)));
    await until(() => gate.waiting === 100, 'all of them wait');
    for (const client of clients) client.reset();
    await until(() => app.events.ofType('ws.handshake.refused').length === 100, 'all of them are gone');
    gate.admit('alice');
    await until(() => countsOf(app).pending === 0, 'nobody waits any more');
    expect(app.app.get(EchoGateway).connections).toBe(0);
    expect(countsOf(app)).toEqual({ pending: 0, open: 0 });
    const [client] = await Promise.all([
      connect(`${app.url}/echo`, { token: 'any' }),
      until(() => gate.waiting === 1, 'the honest one waits').then(() => {
        gate.admit('bob');
      }),
    ]);
    expect(await client.request('echo', { text: 'hello' })).toMatchObject({ data: { text: 'hello' } });
  });
});
