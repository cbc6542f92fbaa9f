import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  type WsConnection,
  WsAuthorize,
  WsConnection as Connection,
  WsConnectionLifecycleService,
  WsReply,
} from '@secure-ws/nestjs';
import { Expose, Type } from 'class-transformer';
import { Allow } from 'class-validator';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { watchForCrashes } from '../support/crash-watch.js';
import { deferred } from '../support/deferred.js';
import { LatePromises } from '../support/late-promises.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { sharedApp } from '../support/start-app.js';

const late = new LatePromises();
const { later } = late;

class Item {
  @Expose() id!: string;
}

class Computed {
  ids = ['a', 'b'];

  @Expose()
  @Type(() => String)
  get labels(): unknown[] {
    return this.ids.map(() => later());
  }
}

class Table {
  @Expose()
  @Type(() => Item)
  rows!: Map<string, Item>;
}

class AsynchronousJson {
  toJSON(): unknown {
    return later();
  }
}

class Named {
  @Expose() name!: string;
}

class Anything {
  @Expose()
  @Allow()
  any!: unknown;
}

/** What toJSON leaves out is not sent, and so it is no fault. */
class Room {
  readonly ready = new Promise(() => undefined);

  toJSON(): unknown {
    return { name: 'lobby' };
  }
}

const files: Readable[] = [];

function missingFile(): Readable {
  const file = createReadStream('/nonexistent/of-the-client');
  files.push(file);
  return file;
}

/** Holds a handler back until its client has left. */
let gate = deferred<void>();

@WsAuthorize()
@WebSocketGateway({ path: '/promises' })
class PromiseGateway {
  @SubscribeMessage('member')
  member() {
    return { id: 'a', profile: later() };
  }

  @SubscribeMessage('list')
  list() {
    return ['a', 'b'].map(() => later());
  }

  @SubscribeMessage('bigint')
  bigint() {
    return { big: 1n, profile: later() };
  }

  @WsReply(Computed)
  @SubscribeMessage('accessor')
  accessor() {
    return new Computed();
  }

  @WsReply(Table)
  @SubscribeMessage('map')
  map() {
    return { rows: later() };
  }

  @WsReply(Named)
  @SubscribeMessage('to-json')
  toJson() {
    return { name: new AsynchronousJson() };
  }

  @WsReply([Item])
  @SubscribeMessage('items')
  items() {
    return ['a', 'b'].map(() => later());
  }

  @SubscribeMessage('sent')
  sent(@Connection() connection: WsConnection) {
    return connection.send('pushed', { profile: later(), more: [later()] });
  }

  @SubscribeMessage('many')
  many() {
    return Array.from({ length: 3000 }, () => later());
  }

  @WsReply(Anything)
  @SubscribeMessage('any-json')
  anyJson() {
    return { any: new AsynchronousJson() };
  }

  @WsReply(z.object({ id: z.string(), more: z.any() }))
  @SubscribeMessage('schema')
  schema() {
    return { id: 'a', more: later() };
  }

  @SubscribeMessage('reserved')
  reserved() {
    return { event: '$refresh', data: { profile: later() } };
  }

  @SubscribeMessage('as-refusal')
  asRefusal() {
    return { event: 'error', data: { code: 'FORBIDDEN', profile: later() } };
  }

  @SubscribeMessage('left')
  async left() {
    await gate.promise;
    return { profile: later(), items: [later()] };
  }

  @SubscribeMessage('left-values')
  async *leftValues() {
    yield 'first';
    await gate.promise;
    yield { profile: later() };
  }

  @SubscribeMessage('braces')
  braces() {
    return { text: '{} "_readableState":', empty: {}, of: [{}], room: new Room() };
  }

  @SubscribeMessage('file-of-response')
  fileOfResponse() {
    return { event: 'file', data: missingFile() };
  }

  @SubscribeMessage('file-in-data')
  fileInData() {
    return { files: [missingFile()] };
  }

  @SubscribeMessage('file-in-stream')
  fileInStream() {
    return of([missingFile()]);
  }

  @WsReply(Named)
  @SubscribeMessage('file-for-view')
  fileForView() {
    return { name: missingFile() };
  }

  @SubscribeMessage('values-in-data')
  valuesInData() {
    return { rows: of(1, 2, 3), more: (async function* () {})() };
  }
}

describe('what a handler returns and has not awaited', () => {
  const app = sharedApp({ providers: [PromiseGateway] });
  const client = () => connect(`${app().url}/promises`, { token: app().token({}) });

  it.each([
    'member',
    'list',
    'many',
    'bigint',
    'accessor',
    'map',
    'to-json',
    'any-json',
    'schema',
    'items',
    'reserved',
    'as-refusal',
  ])('DR-14 %s: is answered INTERNAL, and its rejections end nothing', async (event) => {
    const crashes = late.begin();
    const caller = await client();
    expect(await caller.request(event)).toMatchObject({ event: 'error', data: { code: 'INTERNAL' } });
    expect(late.rejectAll()).toBeGreaterThan(0);
    await caller.request('braces');
    expect(crashes).toEqual([]);
  });

  it.each(['file-of-response', 'file-in-data', 'file-in-stream', 'file-for-view', 'values-in-data'])(
    'DR-14 OD-01 %s: no stream goes out as what it is made of, and the file that is missing ends nothing',
    async (event) => {
      const crashes = late.begin();
      const caller = await client();
      files.length = 0;
      const answer = await caller.request(event);
      expect(answer).toMatchObject({ event: 'error', data: { code: 'INTERNAL' } });
      expect(JSON.stringify(answer)).not.toContain('of-the-client');
      await Promise.all(
        files.map(async (file) => file.closed || (await new Promise((done) => file.once('close', done)))),
      );
      expect(files.map(({ destroyed }) => destroyed)).toEqual(files.map(() => true));
      expect(crashes).toEqual([]);
    },
  );

  it.each(['left', 'left-values'])(
    'DR-14 SL-12 %s: what comes when the client has left is given up, and its rejections end nothing',
    async (event) => {
      const crashes = watchForCrashes();
      gate = deferred<void>();
      const caller = await client();
      caller.send(event, undefined, 1);
      if (event === 'left-values') expect(await caller.next()).toMatchObject({ data: 'first' });
      else await caller.request('braces');
      caller.socket.terminate();
      const other = await client();
      const lifecycle = app().app.get(WsConnectionLifecycleService);
      await until(() => lifecycle.count === 1, 'the client has left');
      gate.resolve();
      await until(() => late.count > 0, 'the handler has returned');
      late.rejectAll();
      await other.request('braces');
      expect(crashes).toEqual([]);
    },
  );

  it('DR-14 what the application sends with a promise in it is not sent, and its rejections end nothing', async () => {
    const crashes = late.begin();
    const caller = await client();
    expect(await caller.request('sent')).toMatchObject({ data: 'dropped' });
    late.rejectAll();
    await caller.request('braces');
    expect(crashes).toEqual([]);
  });

  it('sends empty objects, and texts that look like one', async () => {
    const caller = await client();
    const { data } = await caller.request('braces');
    expect(data).toEqual({ text: '{} "_readableState":', empty: {}, of: [{}], room: { name: 'lobby' } });
  });

  it('says in the log what to write', async () => {
    const caller = await client();
    await caller.request('list');
    expect(app().log.lines.join('\n')).toContain('Promise.all()');
  });
});
