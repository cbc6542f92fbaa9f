import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { type WsConnection, WsAuthorize, WsReply, WsConnection as Connection } from '@secure-ws/nestjs';
import { Expose, Type } from 'class-transformer';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { deferred, type Deferred } from '../support/deferred.js';
import { connect } from '../support/queueing-client.js';
import { sharedApp } from '../support/start-app.js';

/** Promises that a test rejects after the answer. */
const open: Deferred<never>[] = [];

function later(): Promise<never> {
  const promise = deferred<never>();
  open.push(promise);
  return promise.promise;
}

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

  @SubscribeMessage('braces')
  braces() {
    return { text: '{}', empty: {}, of: [{}] };
  }
}

describe('what a handler returns and has not awaited', () => {
  const app = sharedApp({ providers: [PromiseGateway] });
  const client = () => connect(`${app().url}/promises`, { token: app().token({}) });

  it.each(['member', 'list', 'bigint', 'accessor', 'map', 'to-json', 'items'])(
    'DR-14 %s: is answered INTERNAL, and its rejections end nothing',
    async (event) => {
      const crashes = watchForCrashes();
      const caller = await client();
      open.length = 0;
      expect(await caller.request(event)).toMatchObject({ event: 'error', data: { code: 'INTERNAL' } });
      expect(open.length).toBeGreaterThan(0);
      for (const { reject } of open) reject(new Error('too late'));
      await caller.request('braces');
      expect(crashes).toEqual([]);
    },
  );

  it('DR-14 what the application sends with a promise in it is not sent, and its rejections end nothing', async () => {
    const crashes = watchForCrashes();
    const caller = await client();
    open.length = 0;
    expect(await caller.request('sent')).toMatchObject({ data: false });
    for (const { reject } of open) reject(new Error('too late'));
    await caller.request('braces');
    expect(crashes).toEqual([]);
  });

  it('sends empty objects, and texts that look like one', async () => {
    const caller = await client();
    const { data } = await caller.request('braces');
    expect(data).toEqual({ text: '{}', empty: {}, of: [{}] });
  });

  it('says in the log what to write', async () => {
    const caller = await client();
    await caller.request('list');
    expect(app().log.lines.join('\n')).toContain('Promise.all()');
  });
});
