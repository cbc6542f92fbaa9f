import { EventEmitter, on } from 'node:events';
import { type CallHandler, type ExecutionContext, type NestInterceptor, UseInterceptors } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  type WsConnection,
  WsAuthorize,
  WsConnection as Connection,
  WsConnectionLifecycleService,
  WsReply,
} from '@secure-ws/nestjs';
import { Allow } from 'class-validator';
import { Expose, Transform } from 'class-transformer';
import { BehaviorSubject, connectable, type Observable, map, ReplaySubject, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LatePromises } from '../support/late-promises.js';
import { type Client, connect } from '../support/queueing-client.js';
import { sharedApp } from '../support/start-app.js';

const late = new LatePromises();
const { later } = late;

/** What the handlers return. */
let make: () => unknown = () => undefined;

class Item {
  @Expose() id!: string;
  @Expose({ groups: ['auditor'] }) audit?: string;
  @Expose()
  @Transform(() => 'label')
  label?: string;
}

class Anything {
  @Expose()
  @Allow()
  any: unknown;
}

/** Keeps promises where no JSON shows them. */
class Entity {
  id = 'a';

  constructor() {
    Object.defineProperty(this, 'hidden', { value: later() });
    Object.defineProperty(this, Symbol('state'), { value: { of: [later()] } });
  }
}

class Room {
  readonly ready = later();

  toJSON(): unknown {
    return { id: 'a' };
  }
}

class AsynchronousJson {
  toJSON(): unknown {
    return later();
  }
}

class OwnStream extends Subject<string> {
  readonly text = 'canary';
}

/** A list with more than its rows. */
class Page {
  readonly rows = ['row'];

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    await Promise.resolve();
    yield* this.rows;
  }
}

const many = (): object[] => Array.from({ length: 3000 }, (_, id) => ({ id }));
const hidden = (): object => Object.defineProperty({}, 'hidden', { value: later() });

type Cases = readonly (readonly [what: string, make: () => unknown])[];

const LEFT_OUT: Cases = [
  [
    'in a Map',
    () => ({
      of: new Map<unknown, unknown>([
        ['a', later()],
        [later(), { in: later() }],
      ]),
    }),
  ],
  ['in a Set', () => ({ of: [new Set<unknown>([later(), [later()]])] })],
  ['under a symbol', () => ({ id: 'a', [Symbol('state')]: later() })],
  ['where an entity hides it', () => [new Entity()]],
  ['beside what toJSON answers', () => ({ room: new Room() })],
];

/** Lists of which each row has one, as of a forgotten `await` in a `map()`. */
const IN_ROWS: Cases = [
  ['in each of many rows', () => ({ rows: many().map((row) => ({ ...row, profile: { of: later() } })) })],
  ['in each of many rows, a list each', () => many().map((row) => [row, [later()]])],
  ['in each entry of a Map', () => new Map(many().map((row, index) => [index, { row, of: later() }]))],
];

/** Sent to nobody, it is not looked for as far as that. */
const FAR: Cases = [['in a Map behind many rows', () => [many(), new Map([['a', later()]])]]];

const REFUSED: Cases = [
  ['with data of its own', () => ({ query: Object.assign(later(), { text: 'canary' }) })],
  ['with data of its own, in a list', () => [1, Object.assign(later(), { text: 'canary' })]],
  [
    'that an accessor makes at each look',
    () => ({
      get profile() {
        return later();
      },
    }),
  ],
  ['that toJSON makes at each call', () => [{ id: 'a', of: new AsynchronousJson() }]],
  ['that a plain toJSON makes at each call', () => ({ of: { toJSON: () => later() } })],
  ['as a key of a Map, beside a BigInt', () => ({ big: 1n, of: new Map([[later(), 1]]), [Symbol('state')]: later() })],
  ['that is hidden, beside a BigInt', () => ({ big: 1n, of: hidden() })],
  ['in a BehaviorSubject', () => ({ of: new BehaviorSubject({ canary: later() }) })],
  ['in an iterable with data', () => ({ big: 1n, page: Object.assign(new Page(), { next: later() }) })],
];

const replayed = (): Observable<string> => {
  const subject = new ReplaySubject<string>();
  subject.next('canary');
  return subject;
};

const STREAMS: Cases = [
  ['BehaviorSubject', () => new BehaviorSubject('canary')],
  ['ReplaySubject', replayed],
  ['Subject of a class with data', () => new OwnStream()],
  ['operator on a Subject', () => new BehaviorSubject('canary').pipe(map((value) => value))],
  ['iterable of no class', () => ({ [Symbol.asyncIterator]: () => new Page()[Symbol.asyncIterator]() })],
  ['connectable', () => connectable(new BehaviorSubject('canary'))],
];

class Passing implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

abstract class Gateway {
  constructor(private readonly lifecycle: WsConnectionLifecycleService) {}

  @SubscribeMessage('return')
  return() {
    return make();
  }

  @SubscribeMessage('send')
  send(@Connection() connection: WsConnection) {
    return connection.send('pushed', make());
  }

  @SubscribeMessage('send-item')
  sendItem(@Connection() connection: WsConnection) {
    return connection.send('pushed', make(), { as: Item });
  }

  @SubscribeMessage('send-closed')
  sendClosed(@Connection() connection: WsConnection) {
    connection.close('POLICY_VIOLATION');
    connection.send('pushed', make());
  }

  @SubscribeMessage('send-reserved')
  sendReserved(@Connection() connection: WsConnection) {
    connection.send('$pushed', make());
  }

  @SubscribeMessage('to-nobody')
  toNobody() {
    return this.lifecycle.send({ path: '/nobody' }, 'pushed', make());
  }

  @WsReply(Item)
  @SubscribeMessage('item')
  item() {
    return make();
  }

  @WsReply(Anything)
  @SubscribeMessage('any')
  any() {
    return { any: make() };
  }

  @WsReply(z.object({ id: z.string() }))
  @SubscribeMessage('schema')
  schema() {
    return make();
  }
}

@WsAuthorize()
@WebSocketGateway({ path: '/direct' })
class DirectGateway extends Gateway {
  constructor(lifecycle: WsConnectionLifecycleService) {
    super(lifecycle);
  }
}

@UseInterceptors(Passing)
@WsAuthorize()
@WebSocketGateway({ path: '/chained' })
class ChainedGateway extends Gateway {
  constructor(lifecycle: WsConnectionLifecycleService) {
    super(lifecycle);
  }
}

describe.each(['/direct', '/chained'])('what a handler at %s sends with a promise or a stream in it', (path) => {
  const app = sharedApp({ providers: [DirectGateway, ChainedGateway] });
  // Each its own, with the limits of one.
  let clients = 0;
  const client = () => connect(`${app().url}${path}`, { token: app().token({ sub: `u${++clients}` }) });

  /** @returns what would have ended the process. */
  async function rejectAll(caller: Client): Promise<void> {
    expect(late.rejectAll()).toBeGreaterThan(0);
    make = () => 'there';
    await caller.request('return');
  }

  async function begin(
    what: () => unknown,
  ): Promise<{ readonly caller: Client; readonly crashes: readonly unknown[] }> {
    make = what;
    return { crashes: late.begin(), caller: await client() };
  }

  it.each([...LEFT_OUT, ...FAR])(
    'DR-14 a promise %s: is not sent, and its rejection ends nothing',
    async (_what, what) => {
      const { caller, crashes } = await begin(what);
      const answer = await caller.request('return');
      expect(answer.event).toBe('return');
      await rejectAll(caller);
      expect(crashes).toEqual([]);
    },
  );

  it.each(REFUSED)('DR-14 OD-01 a promise %s: is answered INTERNAL, and ends nothing', async (_what, what) => {
    const { caller, crashes } = await begin(what);
    expect(await caller.request('return')).toMatchObject({ event: 'error', data: { code: 'INTERNAL' } });
    await rejectAll(caller);
    expect(crashes).toEqual([]);
  });

  it.each([...LEFT_OUT, ...REFUSED])('DR-14 a promise %s: ends nothing where it is pushed', async (_what, what) => {
    const { caller, crashes } = await begin(what);
    await caller.request('to-nobody');
    caller.send('send', undefined, 'sent');
    let answer = await caller.next();
    if (answer.event === 'pushed') answer = await caller.next();
    expect(answer.id).toBe('sent');
    expect(await caller.request('send-reserved')).toMatchObject({ event: 'error' });
    await rejectAll(caller);
    expect(crashes).toEqual([]);
  });

  it.each(IN_ROWS)('DR-14 a promise %s: ends nothing where it is sent to nobody', async (_what, what) => {
    const { caller, crashes } = await begin(what);
    await caller.request('to-nobody');
    await rejectAll(caller);
    expect(crashes).toEqual([]);
  });

  it('DR-14 what is sent to nobody is hardly looked at', async () => {
    let reads = 0;
    const get = (rows: object, name: string | symbol): unknown => (reads++, Reflect.get(rows, name));
    const { caller } = await begin(() => ({ rows: new Proxy(many(), { get }) }));
    await caller.request('to-nobody');
    expect(reads).toBeGreaterThan(0);
    expect(reads).toBeLessThan(200);
  });

  it('DR-14 what is sent to a client that is gone ends nothing', async () => {
    const { caller, crashes } = await begin(later);
    caller.send('send-closed');
    await new Promise((resolve) => caller.socket.once('close', resolve));
    await rejectAll(await client());
    expect(crashes).toEqual([]);
  });

  it.each<readonly [what: string, event: string, make: () => unknown]>([
    ['is not declared', 'item', () => ({ id: 'a', profile: later(), of: [{ more: later() }] })],
    ['is for another role', 'item', () => ({ id: 'a', audit: later() })],
    ['is transformed into something else', 'item', () => ({ id: 'a', label: later() })],
    ['an entity hides', 'item', () => new Entity()],
    ['is under a symbol', 'item', () => ({ id: 'a', [Symbol('state')]: later() })],
    ['stands under a name that is left out', 'any', () => ({ constructor: later() })],
    ['is the key of a Map', 'any', () => new Map([[later(), 1]])],
    ['a schema leaves out', 'schema', () => ({ id: 'a', profile: later() })],
  ])('DR-14 OD-04 a promise that %s: is left out, and its rejection ends nothing', async (_what, event, what) => {
    const { caller, crashes } = await begin(what);
    expect(await caller.request(event)).toMatchObject({ event });
    await rejectAll(caller);
    expect(crashes).toEqual([]);
  });

  it('DR-14 OD-04 no accessor is called of what is not declared', async () => {
    let asked = 0;
    const { caller } = await begin(() => ({
      id: 'a',
      get rows() {
        return ++asked;
      },
    }));
    await caller.request('item');
    expect(asked).toBe(0);
  });

  it.each(STREAMS)('OD-01 %s inside a value: is refused, wherever it stands', async (_what, stream) => {
    for (const holder of [() => ({ of: stream() }), () => [many(), stream()], () => [many(), { toJSON: stream }]]) {
      const { caller } = await begin(holder);
      const answer = await caller.request('return');
      expect(answer).toMatchObject({ event: 'error', data: { code: 'INTERNAL' } });
      expect(JSON.stringify(answer)).not.toContain('canary');
    }
  });

  it('DR-14 SL-12 events.on() inside a value is refused, and its listener is gone', async () => {
    const emitter = new EventEmitter();
    const { caller } = await begin(() => ({ rows: on(emitter, 'row') }));
    expect(await caller.request('return')).toMatchObject({ event: 'error', data: { code: 'INTERNAL' } });
    expect(await caller.request('send')).toMatchObject({ data: 'dropped' });
    await caller.request('to-nobody');
    expect(emitter.eventNames()).toEqual([]);
  });

  it('sends an iterable with data as its data', async () => {
    const { caller } = await begin(() => ({ page: new Page() }));
    expect(await caller.request('return')).toMatchObject({ data: { page: { rows: ['row'] } } });
  });
});
