import { type CanActivate, UnauthorizedException, VersioningType } from '@nestjs/common';
import { type PrincipalInput, WsHttpPrincipal } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { ask, askTicket, openOperations, operationsApp } from '../support/operations.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

const ECHO = { providers: [EchoGateway] };
const ADMIN = 'root admin';
const LISTED = { offset: 0, limit: 1, order: 'oldest' };

describe('the operations page, for whoever is not quite an operator', () => {
  const operator = { issuer: 'shop', id: 'root', roles: ['admin'] };

  it.each<[string, () => PrincipalInput]>([
    ['an anonymous principal with the role', () => ({ ...operator, kind: 'anonymous' })],
    ['a log-in that is over', () => ({ ...operator, expiresAt: 1 })],
    [
      'an exception that says so',
      () => {
        throw new UnauthorizedException();
      },
    ],
  ])('OD-10 is not there for %s, and the audit says that nobody is logged in', async (_what, resolve) => {
    class Asked extends WsHttpPrincipal {
      override resolve(): PrincipalInput {
        return resolve();
      }
    }
    const app = await startApp(operationsApp(ECHO, { principal: Asked }));
    expect((await ask(app, '/operations')).status).toBe(404);
    expect((await askTicket(app)).status).toBe(404);
    const refused = app.events.ofType('ws.operator.refused').map(({ reason }) => reason);
    expect(refused).toEqual(['unauthenticated', 'unauthenticated']);
  });

  it('OD-10 is not there while the application does not answer who asks', async () => {
    const clock = new FakeClock(Date.now());
    let tellAsked = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      tellAsked = resolve;
    });
    class Hanging extends WsHttpPrincipal {
      override resolve(): Promise<never> {
        tellAsked();
        return new Promise(() => undefined);
      }
    }
    const app = await startApp(operationsApp({ ...ECHO, clock }, { principal: Hanging }));
    const answer = ask(app, '/operations');
    await asked;
    clock.advance(5000);
    expect((await answer).status).toBe(404);
    expect(app.events.ofType('ws.operator.refused')).toMatchObject([{ reason: 'unavailable' }]);
  });

  it('MO-03 HS-14 tells from where a request came whose client has made the forwarding field invalid', async () => {
    const trustedProxies = { addresses: ['127.0.0.1'], header: 'forwarded' } as const;
    const app = await startApp(operationsApp({ ...ECHO, options: { handshake: { trustedProxies } } }));
    for (const Forwarded of ['for=203.0.113.9', '"garbage, for=203.0.113.9']) {
      expect((await ask(app, '/operations', undefined, { headers: { Forwarded } })).status).toBe(404);
    }
    const addresses = app.events.ofType('ws.operator.refused').map(({ address }) => address);
    expect(addresses).toEqual(['203.0.113.9', '127.0.0.1']);
  });

  it('OD-10 MO-06 says by a hash who asked without the role', async () => {
    const app = await startApp(operationsApp(ECHO));
    await ask(app, '/operations', 'mallory');
    const [refused] = app.events.ofType('ws.operator.refused');
    expect(refused).toMatchObject({ reason: 'claims', principal: expect.stringMatching(/^[\w-]{16}$/) as string });
  });

  it('OD-10 asks the guards of the application before anything else', async () => {
    class Closed implements CanActivate {
      canActivate(): boolean {
        return false;
      }
    }
    const app = await startApp(operationsApp(ECHO, { guards: [Closed] }));
    for (const file of ['', '/main.js']) expect((await ask(app, `/operations${file}`, ADMIN)).status).toBe(403);
    expect((await askTicket(app, ADMIN)).status).toBe(403);
  });

  it('MO-02 offers no actions, and confirms none, to an operator who may only look', async () => {
    const app = await startApp(operationsApp(ECHO, { actions: { roles: ['chief'] } }));
    expect(await (await askTicket(app, 'root admin chief')).json()).toMatchObject({ mayAct: true });
    expect(await (await askTicket(app, ADMIN)).json()).toMatchObject({ mayAct: false });
    const looking = await openOperations(app);
    expectError(await looking.request('ops.confirm', { confirmation: 'x'.repeat(22) }), 'FORBIDDEN');
  });
});

describe('the answers of the operations page', () => {
  const HEADERS = {
    'cache-control': 'no-store',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };

  it.each(['express', 'fastify'] as const)('OD-10 are kept by nobody and framed by nobody, on %s', async (platform) => {
    const app = await startApp(operationsApp({ ...ECHO, platform }));
    for (const answer of [
      await ask(app, '/operations', ADMIN),
      await ask(app, '/operations/main.js', ADMIN),
      await askTicket(app, ADMIN),
    ]) {
      expect(answer.status).toBe(200);
      expect(Object.fromEntries(answer.headers)).toMatchObject(HEADERS);
      expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    }
  });

  it('OD-10 are where the option says in an application with versions too', async () => {
    const configure: NonNullable<Parameters<typeof startApp>[0]['configure']> = (nest) => {
      nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '2' });
    };
    const app = await startApp(operationsApp({ ...ECHO, configure }));
    expect((await ask(app, '/operations', ADMIN)).status).toBe(200);
    expect((await ask(app, '/v2/operations', ADMIN)).status).toBe(404);
  });
});

describe('the socket of the operations page', () => {
  it.each([
    ['ops.connections', LISTED],
    ['ops.prepare', { action: 'drain', reason: 'because' }],
    ['ops.confirm', { confirmation: 'x'.repeat(22) }],
  ])('OD-10 lets an operator ask for %s no more often than a person would', async (event, data) => {
    const app = await startApp(operationsApp({ ...ECHO, clock: new FakeClock(Date.now()) }));
    const operator = await openOperations(app);
    for (let i = 0; i < 20; i++) {
      expect((await operator.request(event, data)).data).not.toMatchObject({ code: 'THROTTLED' });
    }
    expectError(await operator.request(event, data), 'THROTTLED');
  });

  it('OD-10 takes no long message and gives no third stream', async () => {
    const app = await startApp(operationsApp(ECHO));
    const operator = await openOperations(app);
    for (const id of ['a', 'b']) {
      operator.send('ops.watch', undefined, id);
      expect(await operator.next()).toMatchObject({ id, event: 'ops.watch' });
    }
    operator.send('ops.watch', undefined, 'c');
    expectError(await operator.next(), 'OVERLOADED');
    operator.send('ops.connections', { ...LISTED, search: 'x'.repeat(2048) }, 'd');
    expect(await operator.expectClose()).toMatchObject({ code: 1009 });
  });

  it('OD-10 gives no more rows than a page has, and no reason or ban without an end', async () => {
    const app = await startApp(operationsApp(ECHO));
    const operator = await openOperations(app);
    await connect(`${app.url}/echo`, { token: app.token() });
    expectError(await operator.request('ops.connections', { ...LISTED, limit: 101 }), 'VALIDATION_FAILED');
    const ban = { action: 'ban', connectionId: 'c1', reason: 'because', minutes: 527_041 };
    expectError(await operator.request('ops.prepare', ban), 'VALIDATION_FAILED');
  });

  it('MO-06 hides the end of an address where the events do, also from a search', async () => {
    const app = await startApp(operationsApp({ ...ECHO, options: { events: { addresses: 'truncated' } } }));
    const operator = await openOperations(app);
    const list = async (search: string) => (await operator.request('ops.connections', { ...LISTED, search })).data;
    expect(await list('127.0.0.')).toMatchObject({ total: 1, rows: [{ address: '127.0.0.0' }] });
    expect(await list('127.0.0.1')).toMatchObject({ total: 0 });
    const { connectionId } = ((await list('')) as { rows: readonly { connectionId: string }[] }).rows[0] ?? {};
    const asked = { action: 'disconnect', connectionId, reason: 'because' };
    expect((await operator.request('ops.prepare', asked)).data).toMatchObject({ address: '127.0.0.0' });
  });
});
