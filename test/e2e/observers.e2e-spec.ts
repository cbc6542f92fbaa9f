import { AsyncLocalStorage } from 'node:async_hooks';
import type { Provider } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureGateway, WsAuthorize, WsConnection, type WsPolicy } from '@secure-ws/nestjs';
import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type {
  ObservedHandshake,
  ObservedMessage,
  ObservedSend,
  ObservedStoreCall,
  WsObserver,
} from '../../packages/nestjs/src/core/observer.js';
import { WsObservers } from '../../packages/nestjs/src/core/observers.js';
import { SecureWsRuntime } from '../../packages/nestjs/src/secure-ws.runtime.js';
import { WsFigures } from '../../packages/nestjs/src/ws-figures.js';
import { Text } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { HandshakeRefused } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { RemoteStore } from '../support/remote-store.js';
import { type AppShape, startApp } from '../support/start-app.js';

const clock = new FakeClock(Date.now());
const running = new AsyncLocalStorage<string>();

class Slow implements WsPolicy {
  async authorize(): Promise<boolean> {
    await Promise.resolve();
    clock.advance(30);
    return true;
  }
}

let release = (): void => undefined;

@WebSocketGateway({ path: '/observed' })
@WsAuthorize()
@SecureGateway({ firstMessage: true })
class ObservedGateway {
  @WsAuthorize(Slow)
  @SubscribeMessage('text')
  async text(@MessageBody() { text }: Text): Promise<{ text: string; inside: string | undefined }> {
    await Promise.resolve();
    clock.advance(40);
    return { text, inside: running.getStore() };
  }

  @SubscribeMessage('crash')
  crash(): never {
    throw new Error('a crash');
  }

  @SubscribeMessage('stream')
  stream() {
    return of(1, 2);
  }

  @SubscribeMessage('wait')
  wait(): Promise<void> {
    return new Promise((resolve) => {
      release = resolve;
    });
  }

  @SubscribeMessage('tell')
  tell(@WsConnection() connection: WsConnection): void {
    connection.send('news', { at: 1 });
  }
}

/** Writes down what it is told. */
class Notes implements Required<Omit<WsObserver, 'beginHandshake' | 'beginMessage'>> {
  readonly handshakes: ObservedHandshake[] = [];
  readonly messages: ObservedMessage[] = [];
  readonly sends: ObservedSend[] = [];
  readonly pongs: number[] = [];
  readonly storeCalls: ObservedStoreCall[] = [];
  readonly closed: string[] = [];

  onHandshake(handshake: ObservedHandshake): void {
    this.handshakes.push(handshake);
  }

  onMessage(message: ObservedMessage): void {
    this.messages.push(message);
  }

  onSend(send: ObservedSend): void {
    this.sends.push(send);
  }

  onPong(roundTripMs: number): void {
    this.pongs.push(roundTripMs);
  }

  onStoreCall(call: ObservedStoreCall): void {
    this.storeCalls.push(call);
  }

  onClosed(id: string): void {
    this.closed.push(id);
  }
}

const observing = (...observers: readonly WsObserver[]): Provider => ({
  provide: 'observers',
  inject: [WsObservers],
  useFactory: (known: WsObservers) => {
    for (const observer of observers) known.add(observer);
  },
});

const start = (observers: readonly WsObserver[], shape: AppShape = {}) =>
  startApp({ clock, ...shape, providers: [ObservedGateway, observing(...observers), ...(shape.providers ?? [])] });

async function refusalOf(work: Promise<unknown>): Promise<number> {
  try {
    await work;
  } catch (error) {
    if (error instanceof HandshakeRefused) return error.refusal.status;
    throw error;
  }
  throw new Error('The handshake was admitted.');
}

describe('observers', () => {
  it('MO-10 are told of every message: what became of it, and what took how long', async () => {
    const notes = new Notes();
    const app = await start([notes]);
    const client = await connect(`${app.url}/observed`, { token: app.token() });
    await client.request('text', { text: 'one' });
    expectError(await client.request('text', { text: 7 }), 'VALIDATION_FAILED');
    expectError(await client.request('nobody-handles-this'), 'FORBIDDEN');
    client.socket.send('{');
    expectError(await client.next(), 'BAD_MESSAGE');
    expectError(await client.request('crash'), 'INTERNAL');
    await client.request('stream');
    await client.next();
    await client.next();
    await until(() => notes.messages.length === 6, 'six messages are over');
    const [text, invalid, unknown, broken, crash, stream] = notes.messages;
    expect(text).toMatchObject({
      ...{ event: 'text', path: '/observed', result: 'handled', reason: undefined },
      ...{ waitedMs: 0, judgedMs: 30, policiesMs: 30, handlerMs: 40 },
      bytes: JSON.stringify({ event: 'text', data: { text: 'one' }, id: 1 }).length,
    });
    expect(invalid).toMatchObject({ event: 'text', result: 'refused', reason: 'payload', handlerMs: undefined });
    expect(unknown).toMatchObject({ event: undefined, result: 'refused', reason: 'unknown-event', code: 'FORBIDDEN' });
    expect(broken).toMatchObject({ event: undefined, result: 'refused', reason: 'json-syntax', bytes: 1 });
    expect(crash).toMatchObject({ event: 'crash', result: 'refused', reason: 'handler-failed', handlerMs: 0 });
    expect(stream).toMatchObject({ event: 'stream', result: 'handled', policiesMs: undefined });
  });

  it('MO-10 are told of a handler that is too slow, once, and of what its connection leaves behind', async () => {
    const notes = new Notes();
    const app = await start([notes]);
    const client = await connect(`${app.url}/observed`, { token: app.token() });
    client.send('wait', undefined, 1);
    client.send('text', { text: 'waits for its slot' }, 2);
    await until(() => app.app.get(WsFigures).connections.queuedBytes > 0, 'a message waits');
    expect(app.app.get(WsFigures).connections).toMatchObject({ open: 1, pending: 0, closing: 0 });
    clock.advance(11_000);
    expectError(await client.next(), 'TIMEOUT');
    release();
    await until(() => notes.messages.length === 2, 'both are over');
    expect(notes.messages[0]).toMatchObject({ event: 'wait', result: 'refused', reason: 'handler-timeout' });
    expect(notes.messages[1]).toMatchObject({ event: 'text', result: 'handled' });
    expect(notes.messages[1]?.waitedMs).toBeGreaterThanOrEqual(11_000);

    client.send('wait', undefined, 3);
    client.send('text', { text: 'is never handled' }, 4);
    await until(() => app.app.get(WsFigures).connections.queuedBytes > 0, 'a message waits');
    client.socket.terminate();
    await until(() => notes.closed.length === 1, 'the connection is gone');
    release();
    await until(() => notes.messages.length === 4, 'what it left is over');
    expect(
      notes.messages
        .slice(2)
        .map(({ result }) => result)
        .sort(),
    ).toEqual(['dropped', 'handled']);
    expect(app.app.get(WsFigures).connections).toMatchObject({ open: 0, queuedBytes: 0, bufferedBytes: 0 });
  });

  it('MO-10 are told of every handshake, and of its time without that of a client who is waited for', async () => {
    const notes = new Notes();
    const app = await start([notes]);
    const url = `${app.url}/observed`;
    await connect(url, { token: app.token() });
    expect(await refusalOf(connect(url, { token: app.token(), origin: 'http://evil.example' }))).toBe(403);
    expect(await refusalOf(connect(`${app.url}/private-name`, { token: app.token() }))).toBe(404);
    const guest = await connect(url, { protocols: ['secure-ws.v1'] });
    clock.advance(3000);
    await guest.request('$auth', { token: app.token() });
    expect(notes.handshakes).toMatchObject([
      { result: 'admitted', status: 101, path: '/observed', reason: undefined },
      { result: 'refused', status: 403, path: '/observed', reason: 'origin-not-allowed' },
      { result: 'refused', status: 404, path: undefined, reason: 'unknown-path' },
      { result: 'admitted', status: 101, path: '/observed', durationMs: 0 },
    ]);
    const silent = await connect(url, { protocols: ['secure-ws.v1'] });
    clock.advance(6000);
    await silent.expectClose();
    expect(notes.handshakes.at(-1)).toMatchObject({
      result: 'refused',
      reason: 'first-message-timeout',
      durationMs: 0,
    });
  });

  it('MO-10 are told of everything that is sent, by the name that the application gave it', async () => {
    const notes = new Notes();
    const app = await start([notes], { options: { lifecycle: { maxOutboundBytes: 2000 } } });
    const client = await connect(`${app.url}/observed`, { token: app.token() });
    await client.request('text', { text: 'one' });
    client.send('tell');
    await client.next();
    expectError(await client.request('nobody-handles-this'), 'FORBIDDEN');
    expectError(await client.request('text', { text: 'x'.repeat(3000) }), 'INTERNAL');
    expect(notes.sends).toMatchObject([
      { event: 'text', result: 'sent' },
      { event: 'news', bytes: '{"event":"news","data":{"at":1}}'.length, result: 'sent' },
      { event: 'error', result: 'sent' },
      { event: 'text', result: 'dropped' },
      { event: 'error', result: 'sent' },
    ]);
  });

  it('MO-10 are told how long a ping was on its way, once for each', async () => {
    const notes = new Notes();
    const app = await start([notes]);
    const client = await connect(`${app.url}/observed`, { token: app.token(), ws: { autoPong: false } });
    const pinged = new Promise<Buffer>((resolve) => {
      client.socket.once('ping', resolve);
    });
    clock.advance(26_000);
    const payload = await pinged;
    clock.advance(70);
    client.socket.pong('made up');
    client.socket.pong(payload);
    client.socket.pong(payload);
    await client.request('text', { text: 'after the pongs' });
    expect(notes.pongs).toHaveLength(1);
    expect(notes.pongs[0]).toBeGreaterThanOrEqual(70);
  });

  it('MO-10 are told what a shared store is asked, and whether it answers', async () => {
    const notes = new Notes();
    const remote = new RemoteStore(clock);
    const app = await start([notes], { options: { store: { shared: remote.store } } });
    await connect(`${app.url}/observed`, { token: app.token() });
    expect(notes.storeCalls.length).toBeGreaterThan(0);
    expect(notes.storeCalls.every(({ result }) => result === 'answered')).toBe(true);
    expect(app.app.get(WsFigures).storeAwayMs).toBe(0);
    remote.isAway = true;
    for (let i = 0; i < 3; i++) {
      // Who is revoked is not known here.
      expect(await refusalOf(connect(`${app.url}/observed`, { token: app.token() }))).toBe(503);
    }
    expect(notes.storeCalls.some(({ result }) => result === 'failed')).toBe(true);
    expect(app.app.get(WsFigures).storeAwayMs).toBeGreaterThan(0);
  });

  it('MO-10 have handshakes and messages run inside of what they began', async () => {
    const ends: string[] = [];
    const tracing: WsObserver = {
      beginHandshake: ({ origin, isJudged, path }) => ({
        run: (work) => running.run('handshake', work),
        end: ({ result }) => ends.push(`handshake ${result} ${String(isJudged)} ${String(origin)} ${String(path)}`),
      }),
      beginMessage: ({ path }) => ({
        run: (work) => running.run(`message on ${path}`, work),
        end: ({ event, result }) => ends.push(`${String(event)} ${result}`),
      }),
    };
    const app = await start([tracing]);
    const client = await connect(`${app.url}/observed`, { token: app.token(), origin: 'http://localhost:4200' });
    const { data } = await client.request('text', { text: 'one' });
    expect(data).toEqual({ text: 'one', inside: 'message on /observed' });
    await refusalOf(connect(`${app.url}/observed`, { token: app.token(), origin: 'http://evil.example' }));
    expect(ends).toEqual([
      'handshake admitted true http://localhost:4200 /observed',
      'text handled',
      'handshake refused false undefined /observed',
    ]);
  });

  it('MO-10 change nothing by what they throw, and by how often they do what they are to do once', async () => {
    const fail = (): never => {
      throw new Error('an observer is broken');
    };
    const notes = new Notes();
    const broken: WsObserver = {
      ...{ onHandshake: fail, onMessage: fail, onSend: fail, onPong: fail, onClosed: fail, beginHandshake: fail },
      beginMessage: () => ({ run: fail, end: fail }),
    };
    const eager: WsObserver = {
      beginMessage: () => ({
        run: (work) => {
          work();
          work();
          fail();
        },
        end: () => undefined,
      }),
    };
    const idle: WsObserver = { beginMessage: () => ({ run: () => undefined, end: () => undefined }) };
    const app = await start([broken, eager, idle, notes]);
    const client = await connect(`${app.url}/observed`, { token: app.token() });
    for (let i = 0; i < 3; i++) expect((await client.request('text', { text: 'one' })).event).toBe('text');
    expectError(await client.request('crash'), 'INTERNAL');
    expect(notes.messages).toHaveLength(4);
    expect(app.log.lines.some((line) => line.includes('an observer is broken'))).toBe(true);
  });

  it('MO-10 cost nothing where there are none, and cannot come after the boot', async () => {
    const app = await startApp({ providers: [ObservedGateway] });
    const runtime = app.app.get(SecureWsRuntime);
    expect(runtime.observer).toEqual({});
    expect(runtime.defaultEngine.observer).toBeUndefined();
    await connect(`${app.url}/observed`, { token: app.token() });
    const [connection] = runtime.lifecycle.all();
    expect(connection?.onSend).toBeUndefined();
    expect(connection?.deadlines.onRoundTrip).toBeUndefined();
    expect(() => app.app.get(WsObservers).add({})).toThrow('after the boot');
  });
});
