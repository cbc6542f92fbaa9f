import {
  createBackChannelLogoutController,
  createSharedSignalsController,
  type SecurityEvent,
  SecurityEventSink,
  type SecurityEventOf,
  WsProofOfWork,
  WsTicketService,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { type ClientShape, handshake } from '../support/handshake.js';
import { NOTES_PROVIDERS } from '../support/notes.gateway.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { RecordingSink } from '../support/recording-sink.js';
import { RemoteStore } from '../support/remote-store.js';
import { type AppShape, APP_ORIGIN, type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT, testToken } from '../support/test-token.js';

/** What the proxy says of the side that it does not share with the application. */
const VIA_TLS = { 'X-Forwarded-Proto': 'https' };

type Raised = SecurityEventOf<'ws.alert.raised'>;

/** An application with the shipped rules, behind a proxy that says from where its clients come. */
async function start(shape: AppShape = {}, clock = new FakeClock(Date.now())) {
  const { options = {} } = shape;
  const app = await startApp({
    providers: [EchoGateway, ...NOTES_PROVIDERS],
    ...shape,
    clock,
    options: {
      alerts: {},
      ...options,
      handshake: { trustedProxies: { header: 'x-forwarded-for', addresses: ['127.0.0.1'] }, ...options.handshake },
    },
  });
  const from = (address: string, { headers, ...more }: ClientShape = {}) =>
    handshake(`${app.url}/echo`, { ...more, headers: { ...VIA_TLS, 'X-Forwarded-For': address, ...headers } });
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 250) clock.advance(250);
  };
  return { app, clock, from, pass, rules: () => app.events.ofType('ws.alert.raised').map(({ rule }) => rule) };
}

const raisedBy = (app: RunningApp, rule: string): Raised[] =>
  app.events.ofType('ws.alert.raised').filter((alert) => alert.rule === rule);

/** Signed by somebody else. */
const forged = (sub = 'alice'): ClientShape => ({
  token: testToken({ sub, secret: 'of somebody else, of whom nobody knows' }),
});

async function times(count: number, run: (index: number) => Promise<unknown>): Promise<void> {
  // A few at a time: as many as a machine answers at once.
  for (let index = 0; index < count; index += 20) {
    await Promise.all(Array.from({ length: Math.min(20, count - index) }, (_, offset) => run(index + offset)));
  }
}

describe('the shipped alerts, under real traffic', () => {
  it('MO-03 failed-logins-by-address: ten forged tokens of one address, not nine, nor what an honest loop brings', async () => {
    const { app, from, rules } = await start();
    await times(9, () => from('203.0.113.9', forged()));
    await times(40, () => from('203.0.113.20', { token: app.token({ expiresInSeconds: -600 }) }));
    await times(40, () => from('203.0.113.21'));
    expect(rules()).toEqual([]);
    await from('203.0.113.9', forged());

    expect(app.events.ofType('ws.alert.raised')).toMatchObject([
      { rule: 'failed-logins-by-address', by: 'address', address: '203.0.113.9', value: 10, severity: 'warning' },
    ]);
  });

  it('MO-03 failed-logins-by-network: the addresses of one network together, not those of two', async () => {
    const { app, from, rules } = await start();
    await times(39, (i) => from(`203.0.113.${i}`, forged()));
    await times(39, (i) => from(`198.51.100.${i}`, forged()));
    expect(rules()).toEqual([]);
    await from('203.0.113.200', forged());

    expect(app.events.ofType('ws.alert.raised')).toMatchObject([
      { rule: 'failed-logins-by-network', network: '203.0.113.0', value: 40 },
    ]);
  });

  it('MO-03 failed-logins: two hundred over the whole world, each from somewhere else, and as somebody else', async () => {
    const { app, from, rules } = await start();
    await times(199, (i) => from(`100.${i}.1.1`, forged(`user-${i}`)));
    // Most handshakes were refused, which a rule of its own tells at the two hundredth.
    expect(rules()).toEqual([]);
    await from('100.200.1.1', forged());

    expect(new Set(rules())).toEqual(new Set(['failed-logins', 'refused-handshakes']));
    expect(raisedBy(app, 'failed-logins')).toMatchObject([{ by: 'overall', value: 200, severity: 'critical' }]);
    expect(raisedBy(app, 'failed-logins')[0]).not.toHaveProperty('address');
  });

  it('MO-03 forged-notices-by-address and forged-notices: what nobody has signed, and not what a provider sends for others', async () => {
    const server = await startAuthorizationServer();
    const { issuer } = server;
    const { app, rules } = await start({
      controllers: [createSharedSignalsController(), createBackChannelLogoutController()],
      options: {
        authentication: {
          oauth: { issuer, audience: 'chat', sharedSignals: { audience: 'me' }, backChannelLogout: { clientId: 'me' } },
        },
      },
    });
    const sign = (typ: string) => server.sign({ typ }, { iss: issuer, aud: 'other' });
    const [logOut, signal] = [await sign('logout+jwt'), await sign('secevent+jwt')];
    const forge = (token: string) => token.replace(/[^.]+$/, 'A'.repeat(342));
    const send = (i: number, address: string, change = (token: string) => token) =>
      i % 2 === 0
        ? fetch(`${app.httpUrl}/backchannel-logout`, {
            method: 'POST',
            headers: { 'x-forwarded-for': address },
            body: new URLSearchParams({ logout_token: change(logOut) }),
          })
        : fetch(`${app.httpUrl}/shared-signals`, {
            method: 'POST',
            headers: { 'x-forwarded-for': address, 'content-type': 'application/secevent+jwt' },
            body: change(signal),
          });
    await times(60, (i) => send(i, '203.0.113.20'));
    await times(9, (i) => send(i, '203.0.113.9', forge));
    expect(rules()).toEqual([]);
    await send(9, '203.0.113.9', forge);
    expect(app.events.ofType('ws.alert.raised')).toMatchObject([
      { rule: 'forged-notices-by-address', by: 'address', address: '203.0.113.9', value: 10, severity: 'warning' },
    ]);
    await times(29, (i) => send(i, `198.51.100.${i}`, forge));
    expect(rules()).toHaveLength(1);
    await send(0, '198.51.100.200', forge);
    expect(raisedBy(app, 'forged-notices')).toMatchObject([{ by: 'overall', value: 40, severity: 'critical' }]);
  });

  it('MO-03 refused-handshakes: half of them, not a little less', async () => {
    const { app, from, rules } = await start();
    await times(110, (i) => from(`100.${i}.1.1`, { token: app.token({ sub: `user-${i}` }) }));
    await times(109, (i) => from(`100.${i}.1.1`));
    expect(rules()).toEqual([]);
    await from('100.1.1.1');

    expect(rules()).toEqual(['refused-handshakes']);
    expect(raisedBy(app, 'refused-handshakes')).toMatchObject([{ kind: 'ratio', value: 0.5 }]);
  });

  it('MO-03 connection-spike: three hundred handshakes in a minute where there were few, not two hundred and ninety', async () => {
    const { app, from, pass } = await start();
    const spikes = () => raisedBy(app, 'connection-spike');
    for (let minute = 0; minute < 11; minute++) {
      await from('203.0.113.1', { token: app.token() });
      pass(60_000);
    }
    await times(290, (i) => from(`100.${i >> 8}.${i & 255}.1`, { origin: 'https://evil.example' }));
    expect(spikes()).toEqual([]);
    await times(12, (i) => from(`100.7.${i}.1`, { origin: 'https://evil.example' }));

    expect(spikes()).toMatchObject([{ kind: 'spike', limit: 300, value: 300 }]);
    pass(11 * 60_000);
    expect(app.events.ofType('ws.alert.ended').map(({ rule }) => rule)).toContain('connection-spike');
  });

  it('MO-03 failed-logins-by-principal: a fresh credential of somebody else in a connection, again and again', async () => {
    const { app, rules } = await start();
    const attack = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const client = await connect(`${app.url}/echo`, {
          token: app.token(),
          protocols: ['secure-ws.v1'],
          headers: { ...VIA_TLS, 'X-Forwarded-For': '203.0.113.9' },
        });
        client.send('$auth', { token: app.token({ sub: 'bob' }) });
        await client.expectClose();
      }
    };
    await attack(9);
    expect(rules()).toEqual([]);
    await attack(1);

    expect(app.events.ofType('ws.alert.raised')).toMatchObject([
      { rule: 'failed-logins-by-principal', by: 'principal', value: 10 },
    ]);
    const [alert] = raisedBy(app, 'failed-logins-by-principal');
    expect(alert?.principal).toBe(app.events.ofType('ws.connection.opened')[0]?.principal);
    expect(alert?.principal).toMatch(/^[\w-]{16}$/);
  });

  it('MO-03 forbidden-by-principal: twenty events that are not for a user, not nineteen', async () => {
    const { app, rules } = await start();
    const headers = { ...VIA_TLS, 'X-Forwarded-For': '203.0.113.9' };
    const client = await connect(`${app.url}/notes`, { token: app.token(), headers });
    for (let i = 0; i < 19; i++)
      expect(await client.request('note.purge')).toMatchObject({ event: 'error', data: { code: 'FORBIDDEN' } });
    expect(rules()).toEqual([]);
    await client.request('note.read', { noteId: 'bobs' });

    expect(app.events.ofType('ws.alert.raised')).toMatchObject([
      { rule: 'forbidden-by-principal', by: 'principal', value: 20 },
    ]);
  });

  it('MO-03 forbidden-by-address: many users of one address, each below its own limit', async () => {
    const { app, rules } = await start();
    for (let user = 0; user < 4; user++) {
      const client = await connect(`${app.url}/notes`, {
        token: app.token({ sub: `user-${user}` }),
        headers: { ...VIA_TLS, 'X-Forwarded-For': '203.0.113.9' },
      });
      for (let i = 0; i < 15; i++) {
        expect(rules()).toEqual([]);
        await client.request('note.purge');
      }
    }

    expect(app.events.ofType('ws.alert.raised')).toMatchObject([
      { rule: 'forbidden-by-address', by: 'address', address: '203.0.113.9', value: 60 },
    ]);
  });

  it('MO-03 replay: a ticket that comes again and again, not once or twice', async () => {
    const authentication = { jwt: TEST_JWT, tickets: {} };
    const { app, from, rules } = await start({ options: { authentication } });
    const principal = { issuer: 'shop', id: 'alice' };
    const { ticket } = await app.app.get(WsTicketService).issue(principal, { origin: APP_ORIGIN });
    const use = () => from('203.0.113.9', { origin: APP_ORIGIN, protocols: ['json.v1', `ticket.${ticket}`] });
    expect(await use()).toBe('open');
    for (let i = 0; i < 4; i++) expect(await use()).toMatchObject({ status: 401 });
    expect(rules()).toEqual([]);
    await use();

    expect(app.events.ofType('ws.alert.raised')).toMatchObject([
      { rule: 'replay', address: '203.0.113.9', value: 5, severity: 'critical' },
    ]);
  });

  it('MO-03 principal-in-many-networks: one token in six networks, not a person on its way through five', async () => {
    const { app, from, rules } = await start();
    for (let i = 0; i < 5; i++) await from(`100.${i}.1.1`, { token: app.token() });
    for (let i = 0; i < 20; i++) await from(`100.7.1.${i}`, { token: app.token({ sub: 'bob' }) });
    expect(rules()).toEqual([]);
    await from('100.9.1.1', { token: app.token() });

    expect(app.events.ofType('ws.alert.raised')).toMatchObject([
      { rule: 'principal-in-many-networks', kind: 'many-networks', by: 'principal', value: 6 },
    ]);
  });

  it('MO-03 store-away: a shared store that stops answering, not one slow answer', async () => {
    const clock = new FakeClock(Date.now());
    const remote = new RemoteStore(clock);
    const { app, from, rules, pass } = await start({ options: { store: { shared: remote.store } } }, clock);
    expect(await from('203.0.113.9', { token: app.token() })).toBe('open');
    expect(rules()).toEqual([]);
    remote.isAway = true;
    await from('203.0.113.9', { token: app.token() });
    await from('203.0.113.9', { token: app.token() });
    await until(() => app.events.ofType('ws.store.away').length > 0, 'the store is away');
    expect(rules()).toEqual(['store-away']);

    remote.isAway = false;
    await until(() => {
      pass(250);
      return app.events.ofType('ws.store.back').length > 0;
    }, 'the store is back');
    expect(app.events.ofType('ws.store.back')[0]?.durationMs).toBeGreaterThan(0);
  });

  it('MO-03 MO-09 audit-drops: a sink that fails, not one that is slow', async () => {
    let isBroken = false;
    const written: SecurityEvent[] = [];
    class Disk extends SecurityEventSink {
      override async write(event: SecurityEvent): Promise<void> {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        if (isBroken) throw new Error('The disk is full.');
        written.push(event);
      }
    }
    const sink = new RecordingSink();
    const { from, pass } = await start({ options: { events: { sinks: [new Disk(), sink] } } });
    const rules = () => sink.ofType('ws.alert.raised').map(({ rule }) => rule);
    await from('203.0.113.9');
    await until(() => written.length === 1, 'the slow sink has its event');
    pass(5000);
    expect(rules()).toEqual([]);
    isBroken = true;
    await from('203.0.113.9');
    await until(() => {
      pass(1000);
      return rules().length > 0;
    }, 'an alert of the loss');

    expect(rules()).toEqual(['audit-drops']);
  });

  it('MO-03 DR-18 shedding: an overloaded process, not a busy second', async () => {
    let load = { eventLoopDelayMs: 900, heapShare: 0.2 };
    const { rules, pass } = await start({ load: () => load });
    pass(500);
    load = { eventLoopDelayMs: 3, heapShare: 0.2 };
    pass(5000);
    expect(rules()).toEqual([]);
    load = { eventLoopDelayMs: 900, heapShare: 0.2 };
    pass(5000);

    expect(rules()).toEqual(['shedding']);
  });

  it('MO-03 AN-10 attack: guesses so fast that everybody is asked for a challenge, not five of them', async () => {
    const verifier = new WsProofOfWork({ secret: 'a-key-of-the-tests-for-challenges-only', cost: 1 });
    const challenge = { verifier, ask: 'under-attack', failuresPerSecond: 1, calmMs: 30_000 } as const;
    const { from, rules } = await start({ options: { handshake: { challenge } } });
    for (let i = 0; i < 5; i++) await from(`100.${i}.1.1`, forged());
    expect(rules()).toEqual([]);
    for (let i = 0; i < 20; i++) await from(`101.${i}.1.1`, forged());

    expect(rules()).toEqual(['attack']);
  });

  it('MO-03 tells nothing of a quiet quarter of an hour over real sockets, restart and all', async () => {
    const { app, from, rules, pass } = await start();
    await times(60, (i) => from(`100.${i}.1.1`, { token: app.token({ sub: `user-${i}` }) }));
    for (let minute = 0; minute < 15; minute++) {
      await times(6, (i) => from(`100.${minute * 3 + i}.1.1`, { token: app.token({ sub: `user-${minute * 3 + i}` }) }));
      await from(`100.${minute}.1.1`);
      if (minute % 5 === 0) await from(`100.${minute}.1.1`, forged());
      pass(60_000);
    }

    expect(app.events.ofType('ws.connection.opened')).toHaveLength(150);
    expect(rules()).toEqual([]);
  });
});

describe('alerts, off the usual path', () => {
  it('MO-06 MO-07 say who by a hash, and what a client wrote in one harmless line', async () => {
    const rule = { name: 'new-origin', kind: 'first-seen', value: 'origin', learnMs: 1000 } as const;
    const { app, from, pass } = await start({
      options: { alerts: { rules: [{ ...rule, events: ['ws.handshake.refused'] }] } },
    });
    pass(2000);
    await from('203.0.113.9', { origin: `https://evil.example/${'\u0085'}${'x'.repeat(3000)}` });
    const [alert] = app.events.ofType('ws.alert.raised');

    expect(alert?.seen?.length).toBeLessThan(220);
    expect(alert?.seen).not.toMatch(/[\u0000-\u001f\u0080-\u009f]/);
  });

  it('MO-03 MO-09 are not a flood of their own where a client has filled what a rule remembers', async () => {
    const rule = { name: 'new-origin', kind: 'first-seen', value: 'origin', learnMs: 1000 } as const;
    const { from, pass, rules } = await start({
      options: { alerts: { maxKeys: 100, rules: [{ ...rule, events: ['ws.handshake.refused'] }] } },
    });
    await times(100, (i) => from('203.0.113.9', { origin: `https://evil-${i}.example` }));
    pass(2000);
    await times(30, () => from('203.0.113.9', { origin: 'https://evil.example' }));

    expect(rules()).toEqual(['new-origin']);
  });

  it('MO-06 hide the network of an address where the options say so', async () => {
    const sink = new RecordingSink();
    const { from } = await start({ options: { events: { sinks: [sink], addresses: 'truncated' } } });
    await times(10, () => from('203.0.113.9', forged()));

    expect(sink.ofType('ws.alert.raised')).toMatchObject([{ address: '203.0.113.0' }]);
  });
});
