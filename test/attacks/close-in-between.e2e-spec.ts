import { Injectable } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  WsAbortSignal,
  WsAuthorize,
  WsConnection,
  WsConnectionLifecycleService,
  type WsPolicy,
  type WsPolicyContext,
  WsPrincipal,
} from '@secure-ws/nestjs';
import { interval, map, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { type Deferred, deferred } from '../support/deferred.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { type Client, connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

/** A policy that decides when the test says so. */
@Injectable()
class GatedPolicy implements WsPolicy {
  readonly asked: Deferred<boolean>[] = [];

  authorize(_: WsPolicyContext): Promise<boolean> {
    const verdict = deferred<boolean>();
    this.asked.push(verdict);
    return verdict.promise;
  }
}

@WebSocketGateway({ path: '/race' })
class RaceGateway {
  readonly handled: string[] = [];
  readonly signals: AbortSignal[] = [];
  readonly running: Deferred<void>[] = [];
  readonly connections: WsConnection[] = [];
  ended = 0;

  @WsAuthorize(GatedPolicy)
  @SubscribeMessage('gated')
  gated(): boolean {
    this.handled.push('gated');
    return true;
  }

  @WsAuthorize()
  @SubscribeMessage('slow')
  async slow(@WsAbortSignal() signal: AbortSignal, @WsConnection() connection: WsConnection): Promise<string> {
    this.signals.push(signal);
    this.connections.push(connection);
    const end = deferred();
    this.running.push(end);
    await end.promise;
    return 'a late result';
  }

  @WsAuthorize()
  @SubscribeMessage('watch')
  async *watch(@WsAbortSignal() signal: AbortSignal): AsyncGenerator<number> {
    this.signals.push(signal);
    try {
      yield 1;
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
    } finally {
      this.ended++;
    }
  }

  @WsAuthorize()
  @SubscribeMessage('ticks')
  ticks(): Observable<number> {
    return interval(1).pipe(map((tick) => tick));
  }

  @WsAuthorize()
  @SubscribeMessage('who')
  who(@WsPrincipal() principal: { id: string }): string {
    return principal.id;
  }
}

const start = async (shape: AppShape = {}) => {
  const app = await startApp({ providers: [GatedPolicy, RaceGateway], ...shape });
  const client = await connect(`${app.url}/race`, { token: app.token() });
  return {
    app,
    client,
    gateway: app.app.get(RaceGateway),
    policy: app.app.get(GatedPolicy),
    lifecycle: app.app.get(WsConnectionLifecycleService),
  };
};

const endings: readonly (readonly [
  what: string,
  end: (client: Client, lifecycle: WsConnectionLifecycleService) => void,
])[] = [
  [
    'the client says good-bye',
    ({ socket }) => {
      socket.close();
    },
  ],
  [
    'the client resets the connection',
    ({ socket }) => {
      socket.terminate();
    },
  ],
  [
    'the server closes it',
    (_, lifecycle) => {
      lifecycle.disconnect({}, 'REVOKED');
    },
  ],
];

describe.each(endings)('a message whose connection ends because %s', (_, end) => {
  it('AZ-15 is dropped between its policy and its handler', async () => {
    const { app, client, gateway, policy, lifecycle } = await start();
    const crashes = watchForCrashes();
    client.send('gated', undefined, 1);
    await until(() => policy.asked.length === 1, 'the policy is asked');
    end(client, lifecycle);
    await app.events.seen('ws.connection.closed');
    policy.asked[0]?.resolve(true);
    await client.expectClose();
    await new Promise(setImmediate);
    expect(gateway.handled).toEqual([]);
    expect(client.unread).toEqual([]);
    expect(crashes).toEqual([]);
  });

  it('SL-12 is told by its abort signal, and its late result goes nowhere', async () => {
    const { app, client, gateway, lifecycle } = await start();
    const crashes = watchForCrashes();
    client.send('slow', undefined, 1);
    client.send('slow', undefined, 2);
    await until(() => gateway.running.length === 1, 'the handler runs');
    expect(gateway.signals[0]?.aborted).toBe(false);
    end(client, lifecycle);
    await app.events.seen('ws.connection.closed');
    expect(gateway.signals[0]?.aborted).toBe(true);
    gateway.running[0]?.resolve();
    await client.expectClose();
    await new Promise(setImmediate);
    // What waited behind it is not begun.
    expect(gateway.running).toHaveLength(1);
    expect(client.unread).toEqual([]);
    expect(crashes).toEqual([]);
    const [connection] = gateway.connections;
    expect(connection?.isOpen).toBe(false);
    expect(connection?.send('too', 'late')).toBe('closed');
    expect(app.events.ofType('ws.message.refused')).toEqual([]);
  });

  it('SL-12 ends its streams', async () => {
    const { app, client, gateway, lifecycle } = await start();
    const crashes = watchForCrashes();
    client.send('watch', undefined, 1);
    client.send('ticks', undefined, 2);
    await until(() => client.unread.length > 3, 'both streams have begun');
    end(client, lifecycle);
    await app.events.seen('ws.connection.closed');
    expect(gateway.signals[0]?.aborted).toBe(true);
    await until(() => gateway.ended === 1, 'the generator ends');
    expect(crashes).toEqual([]);
  });
});

describe('a message whose connection is closed while its policy waits', () => {
  it('AZ-15 is not handled though the policy allows it before the socket has ended', async () => {
    const { client, gateway, policy, lifecycle } = await start();
    client.send('gated', undefined, 1);
    await until(() => policy.asked.length === 1, 'the policy is asked');
    // In one turn: the client has not heard of it yet.
    lifecycle.disconnect({}, 'REVOKED');
    policy.asked[0]?.resolve(true);
    await client.expectClose(4504);
    expect(gateway.handled).toEqual([]);
  });
});

describe('an abort signal', () => {
  it('SL-12 stays quiet where all went well, at the end of the connection too', async () => {
    const { app, client, gateway } = await start();
    client.send('slow', undefined, 1);
    await until(() => gateway.running.length === 1, 'the handler runs');
    gateway.running[0]?.resolve();
    expect(await client.next()).toMatchObject({ id: 1, data: 'a late result' });
    client.socket.close();
    await app.events.seen('ws.connection.closed');
    expect(gateway.signals[0]?.aborted).toBe(false);
  });

  it('DR-09 SL-12 fires when the time is over, and the slot stays taken', async () => {
    const clock = new FakeClock(Date.now());
    const { client, gateway } = await start({ clock });
    client.send('slow', undefined, 1);
    client.send('who', undefined, 2);
    await until(() => gateway.running.length === 1, 'the handler runs');
    clock.advance(10_500);
    expectError(await client.next(), 'TIMEOUT');
    expect(gateway.signals[0]?.aborted).toBe(true);
    gateway.running[0]?.resolve();
    // The late result is dropped; the message behind it is handled.
    expect(await client.next()).toEqual({ event: 'who', id: 2, data: 'alice' });
  });
});
