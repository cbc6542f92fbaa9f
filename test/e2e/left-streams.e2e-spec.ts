import { EventEmitter, on } from 'node:events';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAbortSignal, WsAuthorize, type WsPolicy } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { deferred, type Deferred } from '../support/deferred.js';
import { until } from '../support/patience.js';
import { type Client, connect } from '../support/queueing-client.js';
import { sharedApp } from '../support/start-app.js';

class SlowPolicy implements WsPolicy {
  static asked = 0;
  static answer: Deferred<boolean> | undefined;

  authorize(): boolean | Promise<boolean> {
    SlowPolicy.asked++;
    return SlowPolicy.answer?.promise ?? true;
  }
}

const missing = (): Readable => createReadStream('/nonexistent/file');

@WebSocketGateway({ path: '/left' })
@WsAuthorize()
class LeftGateway {
  turns: Deferred<unknown>[] = [];
  aborted = 0;
  readonly rare = new EventEmitter().setMaxListeners(0);

  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('admins')
  admins(@WsAbortSignal() signal: AbortSignal) {
    signal.addEventListener('abort', () => this.aborted++);
    return this.#turn();
  }

  @WsAuthorize(SlowPolicy)
  @SubscribeMessage('slowly-judged')
  slowlyJudged() {
    return this.#turn();
  }

  @SubscribeMessage('rare')
  async *rarely() {
    for await (const values of on(this.rare, 'value')) yield (values as unknown[])[0];
  }

  @SubscribeMessage('listens')
  listens(@WsAbortSignal() signal: AbortSignal) {
    signal.addEventListener('abort', () => {
      throw new Error('a listener that throws');
    });
    const rejects: () => unknown = async () => {
      await Promise.resolve();
      throw new Error('a listener that rejects');
    };
    const object: { handleEvent: () => unknown } = {
      handleEvent: () => Promise.reject(new Error('an object that rejects')),
    };
    signal.addEventListener('abort', rejects);
    signal.addEventListener('abort', object);
    const removed = (): void => void (this.aborted += 100);
    signal.addEventListener('abort', removed);
    signal.removeEventListener('abort', removed);
    signal.onabort = () => {
      this.aborted++;
      throw new Error('onabort');
    };
    return this.#turn();
  }

  @SubscribeMessage('ping')
  ping() {
    return 'pong';
  }

  #turn(): Promise<unknown> {
    const turn = deferred<unknown>();
    this.turns.push(turn);
    return turn.promise;
  }
}

const ROLES = ['admin', 'user'] as const;

describe('a stream that nobody reads', () => {
  const app = sharedApp({
    providers: [LeftGateway, SlowPolicy],
    options: { messages: { maxConcurrentHandlers: 4 } },
  });
  const gateway = () => app().app.get(LeftGateway);
  const token = (roles: readonly string[], expiresInSeconds = 60) =>
    app().token({ roles: [...roles], expiresInSeconds });

  /** Calls a handler, and waits until it runs. */
  async function call(event: string, roles: readonly string[]): Promise<{ client: Client; turn: Deferred<unknown> }> {
    SlowPolicy.answer = undefined;
    gateway().turns = [];
    gateway().aborted = 0;
    const client = await connect(`${app().url}/left`, { token: token(roles), protocols: ['secure-ws.v1'] });
    client.send(event, undefined, 99);
    await until(() => gateway().turns.length === 1, 'the handler runs');
    return { client, turn: gateway().turns[0] as Deferred<unknown> };
  }

  /** Renews the token of a connection while its handler runs. */
  async function renew(client: Client, roles: readonly string[]): Promise<void> {
    expect(await client.request('$auth', { token: token(roles, 600) })).toMatchObject({ event: '$auth' });
  }

  it('SL-12 AZ-15 DR-14 fewer rights: the file that cannot be opened ends nothing', async () => {
    const crashes = watchForCrashes();
    const { client, turn } = await call('admins', ROLES);
    await renew(client, ['user']);
    const file = missing();
    turn.resolve(file);
    expect(await client.next()).toMatchObject({ event: 'error', id: 99, data: { code: 'FORBIDDEN' } });
    await until(() => file.closed, 'the file could not be opened');
    await client.request('ping');
    expect(crashes).toEqual([]);
  });

  it('SL-12 AZ-15 fewer rights: what the handler opened is closed, and its signal fires', async () => {
    const { client, turn } = await call('admins', ROLES);
    await renew(client, ['user']);
    const readable = new Readable({ read: () => undefined });
    turn.resolve(readable);
    expect(await client.next()).toMatchObject({ id: 99, data: { code: 'FORBIDDEN' } });
    await until(() => readable.destroyed && gateway().aborted === 1, 'it is destroyed, and the signal has fired');
  });

  it('SL-11 DR-14 the same rights, looked at again by a slow policy: the failure is the answer', async () => {
    const crashes = watchForCrashes();
    const { client, turn } = await call('slowly-judged', ROLES);
    await renew(client, ROLES);
    const { asked } = SlowPolicy;
    SlowPolicy.answer = deferred<boolean>();
    const file = missing();
    turn.resolve(file);
    await until(() => SlowPolicy.asked > asked, 'the policy is asked again');
    await until(() => file.closed, 'the file could not be opened');
    SlowPolicy.answer.resolve(true);
    expect(await client.next()).toMatchObject({ event: 'error', id: 99, data: { code: 'INTERNAL' } });
    expect(crashes).toEqual([]);
  });

  it('SL-12 DR-11 a stream that was cancelled counts until it has ended', async () => {
    const client = await connect(`${app().url}/left`, { token: app().token({}), protocols: ['secure-ws.v1'] });
    const { rare } = gateway();
    const codes: unknown[] = [];
    for (let id = 101; id <= 112; id++) {
      client.send('rare', undefined, id);
      if (id <= 108) await until(() => rare.listenerCount('value') === id - 100, 'it has begun');
      client.send('$cancel', undefined, id);
      const answer = await client.next();
      codes.push(answer.event === 'error' ? (answer.data as { readonly code: string }).code : 'cancelled');
    }
    expect(codes).toEqual([...Array<string>(8).fill('cancelled'), ...Array<string>(4).fill('OVERLOADED')]);
    expect(rare.listenerCount('value')).toBe(8);
    rare.emit('value', 1);
    await until(() => rare.listenerCount('value') === 0, 'all have ended');
    client.send('rare', undefined, 120);
    await until(() => rare.listenerCount('value') === 1, 'there is room again');
    client.send('$cancel', undefined, 120);
    rare.emit('value', 1);
  });

  it('SL-12 a stream that is cancelled before its handler has answered never begins', async () => {
    const { client, turn } = await call('admins', ROLES);
    client.send('$cancel', undefined, 99);
    await client.request('ping');
    const readable = new Readable({ read: () => undefined });
    turn.resolve(readable);
    expect(await client.next()).toEqual({ event: 'admins', id: 99, end: true });
    await until(() => readable.destroyed && gateway().aborted === 1, 'it is destroyed, and the signal has fired');
  });

  it('SL-12 DR-14 a listener of the abort signal that throws or rejects ends nothing when the client leaves', async () => {
    const crashes = watchForCrashes();
    const { client } = await call('listens', ROLES);
    client.socket.terminate();
    await until(() => gateway().aborted > 0, 'the signal has fired');
    const other = await connect(`${app().url}/left`, { token: app().token({}) });
    await other.request('ping');
    expect(gateway().aborted).toBe(1);
    expect(crashes).toEqual([]);
    const log = app().log.lines.join('\n');
    for (const cause of ['a listener that throws', 'a listener that rejects', 'onabort']) expect(log).toContain(cause);
  });
});
