import type { Server } from 'node:http';
import { createPrincipal, type Principal, WsAuthenticator, type WsCredential } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { SecureWsRuntime } from '../../packages/nestjs/src/secure-ws.runtime.js';
import { MemoryStore } from '../../packages/nestjs/src/store/memory.store.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { clientFrame, closePayload, OPCODES } from '../support/frame-writer.js';
import { type Deferred, deferred } from '../support/deferred.js';
import { until } from '../support/patience.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const ROUNDS = 100;
/** Longer than any limit, penalty or place of the module lasts. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** Admits whoever names himself, refuses `refused`, and decides about `undecided` when the test says so. */
class NameAuthenticator extends WsAuthenticator {
  override readonly kind = 'name';

  override accepts(): boolean {
    return true;
  }

  undecided: Deferred<Principal> | undefined;

  override authenticate({ value }: WsCredential): Promise<Principal> {
    if (value.startsWith('undecided')) return (this.undecided = deferred<Principal>()).promise;
    if (value.startsWith('refused')) return Promise.reject(new Error('unknown'));
    return Promise.resolve(createPrincipal({ kind: this.kind, issuer: 'test', id: value, authenticatedAt: 0 }));
  }
}

const headOf = (app: RunningApp, name: string): Buffer =>
  requestHead({ target: '/echo', fields: [...handshakeFields(app.host), ['Authorization', `Bearer ${name}`]] });

const MESSAGE = clientFrame('{"event":"echo","id":1,"data":{"text":"x"}}');

/** What a client does after its handshake, and how it goes. */
const OPEN_STATES: readonly ((tcp: RawTcp) => void)[] = [
  (tcp) => {
    tcp.reset();
  },
  (tcp) => {
    tcp.write(MESSAGE);
    tcp.reset();
  },
  (tcp) => {
    tcp.write(MESSAGE.subarray(0, 9));
    tcp.socket.destroy();
  },
  (tcp) => {
    tcp.write(clientFrame('{"event":', { fin: false }));
    tcp.socket.end();
  },
  (tcp) => {
    tcp.write(clientFrame('{}', { masked: false }));
  },
  (tcp) => {
    tcp.write(clientFrame(closePayload(1000), { opcode: OPCODES.close }));
  },
];

/** One connection in each state that there is before the handshake is over, and one in each after it. */
async function round(app: RunningApp, authenticator: NameAuthenticator, index: number): Promise<RawTcp[]> {
  const undecided = (): number => app.app.get(SecureWsRuntime).guard.counts.pending;
  const silent = await RawTcp.open(app);
  silent.reset();
  const half = await RawTcp.open(app);
  half.write(headOf(app, 'half').subarray(0, 40));
  half.socket.destroy();
  const refused = await RawTcp.open(app);
  refused.write(headOf(app, `refused-${index}`));
  const pending = await RawTcp.open(app);
  pending.write(headOf(app, `undecided-${index}`));
  await until(() => undecided() > 0, 'the handshake is being checked');
  pending.reset();
  const refusals = app.events.ofType('ws.handshake.refused').length;
  await until(() => app.events.ofType('ws.handshake.refused').length > refusals, 'the handshake is over');
  authenticator.undecided?.reject(new Error('unknown'));
  await until(() => undecided() === 0, 'the place of the handshake is free again');
  const opened = [];
  for (const [state, leave] of OPEN_STATES.entries()) {
    const tcp = await RawTcp.open(app);
    tcp.write(headOf(app, `user-${index}-${state}`));
    expect((await tcp.readHead()).status).toBe(101);
    leave(tcp);
    opened.push(tcp);
  }
  return [silent, half, refused, pending, ...opened];
}

describe.each(['express', 'fastify'] as const)('a thousand connections in every state, on %s', (platform) => {
  it('DR-15 leave no map entry, timer, listener or socket behind', async () => {
    const clock = new FakeClock(Date.now());
    const authenticator = new NameAuthenticator();
    const app = await startApp({
      platform,
      clock,
      providers: [EchoGateway],
      options: { authentication: { authenticators: [authenticator] } },
    });
    const runtime = app.app.get(SecureWsRuntime);
    const store = runtime.store as MemoryStore;
    const server = app.app.getHttpServer() as Server;
    const figures = () => ({
      connections: runtime.lifecycle.count,
      places: runtime.guard.counts,
      deadlines: runtime.timer.size,
      timers: clock.pending,
      keys: store.size,
      sockets: process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length,
      listeners: [server, process].flatMap((from) =>
        from.eventNames().map((name) => `${String(name)}: ${from.listenerCount(name)}`),
      ),
    });
    expect(store).toBeInstanceOf(MemoryStore);
    const before = figures();
    for (let index = 0; index < ROUNDS; index++) {
      const clients = await round(app, authenticator, index);
      await Promise.all(clients.map((client) => client.ended()));
    }
    await until(() => figures().sockets === before.sockets, 'the sockets are gone');
    // Before any time passes, which would tidy up what was forgotten. Only counters outlive a connection, on purpose: whoever
    // reconnects would start anew.
    expect(figures()).toEqual({ ...before, keys: expect.any(Number) as number });
    expect(store.size).toBeGreaterThan(0);
    for (let ticks = 0; store.size > 0 && ticks < 1000; ticks++) clock.advance(DAY_MS / 1000);
    expect(figures()).toEqual(before);
    expect(app.events.ofType('ws.connection.closed')).toHaveLength(ROUNDS * OPEN_STATES.length);
  });
});
