import { Injectable } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  anyOf,
  grant,
  grantRows,
  WsAuthorize,
  type WsPolicy,
  type WsPolicyContext,
  WsRowFilter,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

/** Everything for an administrator, for others what is theirs. */
@Injectable()
class VisibleRows implements WsPolicy<undefined> {
  authorize({ principal }: WsPolicyContext<undefined>) {
    return grantRows(principal.roles.includes('admin') ? {} : { owner: principal.id });
  }
}

/** Part of a query, as query builders have it: what it says is nobody else's business. */
class Sql {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get text(): string {
    return this.#text;
  }
}

/** The same, of a class that can tell. */
class ComparableSql extends Sql {
  equals(other: unknown): boolean {
    return other instanceof ComparableSql && other.text === this.text;
  }
}

@Injectable()
class SqlRows implements WsPolicy<undefined> {
  authorize({ principal }: WsPolicyContext<undefined>) {
    return grantRows({ where: new Sql(principal.roles.includes('admin') ? 'true' : "owner = 'alice'") });
  }
}

@Injectable()
class ComparableRows implements WsPolicy<undefined> {
  authorize({ principal }: WsPolicyContext<undefined>) {
    return grantRows({ where: new ComparableSql(principal.roles.includes('admin') ? 'true' : "owner = 'alice'") });
  }
}

@Injectable()
class OwnAccount implements WsPolicy<undefined, object> {
  authorize({ principal }: WsPolicyContext<undefined>) {
    return grant({ owner: principal.id });
  }
}

/** Takes its time over everybody but administrators. */
@Injectable()
class SlowForOthers implements WsPolicy<undefined> {
  readonly asked = deferred();
  readonly goOn = deferred();

  authorize({ principal }: WsPolicyContext<undefined>): true | Promise<boolean> {
    if (principal.roles.includes('admin')) return true;
    this.asked.resolve(undefined);
    return this.goOn.promise.then(() => true);
  }
}

@WebSocketGateway({ path: '/rows' })
class RowsGateway {
  readonly begun = deferred();
  readonly more = deferred();

  @WsAuthorize(VisibleRows)
  @SubscribeMessage('watch')
  async *watch(@WsRowFilter() filter: object): AsyncIterable<object> {
    yield filter;
    await this.more.promise;
    yield filter;
  }

  @WsAuthorize(SqlRows)
  @SubscribeMessage('sql')
  async *sql(@WsRowFilter() { where }: { where: Sql }): AsyncIterable<string> {
    yield where.text;
    await this.more.promise;
    yield where.text;
  }

  @WsAuthorize(ComparableRows)
  @SubscribeMessage('comparable')
  async *comparable(@WsRowFilter() filter: { where: Sql }): AsyncIterable<string> {
    yield* this.sql(filter);
  }

  @WsAuthorize(SlowForOthers)
  @SubscribeMessage('slow')
  async *slow(): AsyncIterable<string> {
    yield 'begun';
    await this.more.promise;
  }

  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('purge')
  purge(): string {
    return 'purged';
  }

  @WsAuthorize(VisibleRows)
  @SubscribeMessage('list')
  async list(@WsRowFilter() filter: object): Promise<object> {
    this.begun.resolve(undefined);
    await this.more.promise;
    return filter;
  }

  /** An administrator is granted nothing, and sees everything. */
  @WsAuthorize(anyOf({ roles: ['admin'] }, OwnAccount))
  @SubscribeMessage('any')
  async *any(): AsyncIterable<string> {
    yield 'a row';
    await this.more.promise;
    yield 'a row';
  }
}

const start = async (roles: readonly string[], maxConcurrentHandlers = 2) => {
  const app = await startApp({
    providers: [RowsGateway, VisibleRows, SqlRows, ComparableRows, OwnAccount, SlowForOthers],
    options: { messages: { maxConcurrentHandlers } },
  });
  const token = app.token({ roles, expiresInSeconds: 300 });
  const client = await connect(`${app.url}/rows`, { token, protocols: ['secure-ws.v1'] });
  const become = (now: readonly string[]): void =>
    client.send('$auth', { token: app.token({ roles: now, expiresInSeconds: 600 }) }, 'auth');
  return { client, become, gateway: app.app.get(RowsGateway), slow: app.app.get(SlowForOthers) };
};

describe('a grant that is narrower after a refresh', () => {
  it.each(['watch', 'any', 'sql', 'comparable'])(
    'SL-11 ends the stream that began under the wider one: %s',
    async (event) => {
      const { client, become, gateway } = await start(['admin']);
      client.send(event, undefined, 's');
      expect(await client.next()).toMatchObject({ event, id: 's' });
      become([]);
      const refused = await client.next();
      expectError(refused, 'FORBIDDEN');
      expect(refused.id).toBe('s');
      expect(await client.next()).toMatchObject({ event: '$auth', id: 'auth' });
      gateway.more.resolve(undefined);
      // Another one begins under the filter that holds now.
      client.send('watch', undefined, 'again');
      expect(await client.next()).toMatchObject({ data: { owner: 'alice' }, id: 'again' });
    },
  );

  it('AZ-15 SL-11 ends a stream that began while the others were judged', async () => {
    const { client, become, slow } = await start(['admin'], 4);
    client.send('slow', undefined, 'first');
    expect(await client.next()).toMatchObject({ data: 'begun', id: 'first' });
    become([]);
    await slow.asked.promise;
    client.send('watch', undefined, 'meanwhile');
    expect(await client.next()).toMatchObject({ data: {}, id: 'meanwhile' });
    slow.goOn.resolve(undefined);
    const refused = await client.next();
    expectError(refused, 'FORBIDDEN');
    expect(refused.id).toBe('meanwhile');
    expect(await client.next()).toMatchObject({ event: '$auth', id: 'auth' });
  });

  it('AZ-02 AZ-15 SL-11 refuses what a handler has found under the wider one', async () => {
    const { client, become, gateway } = await start(['admin']);
    client.send('list', undefined, 'l');
    await gateway.begun.promise;
    become([]);
    expect(await client.next()).toMatchObject({ event: '$auth', id: 'auth' });
    gateway.more.resolve(undefined);
    const refused = await client.next();
    expectError(refused, 'FORBIDDEN');
    expect(refused.id).toBe('l');
  });

  it('AZ-02 SL-11 holds for a message that has waited for its slot meanwhile', async () => {
    const { client, become, gateway } = await start(['admin'], 1);
    client.send('list', undefined, 'l');
    await gateway.begun.promise;
    become([]);
    client.send('purge', undefined, 'p');
    gateway.more.resolve(undefined);
    expect(await client.next()).toMatchObject({ data: {}, id: 'l' });
    expect(await client.next()).toMatchObject({ event: '$auth', id: 'auth' });
    const refused = await client.next();
    expectError(refused, 'FORBIDDEN');
    expect(refused.id).toBe('p');
  });

  it.each(['watch', 'list'])('SL-11 is no reason to end what is granted the same again: %s', async (event) => {
    const { client, become, gateway } = await start(['admin']);
    client.send(event, undefined, 's');
    if (event === 'watch') expect(await client.next()).toMatchObject({ data: {}, id: 's' });
    else await gateway.begun.promise;
    become(['admin', 'more']);
    expect(await client.next()).toMatchObject({ event: '$auth', id: 'auth' });
    gateway.more.resolve(undefined);
    expect(await client.next()).toMatchObject({ event, data: {}, id: 's' });
  });

  it.each([
    ['goes on where its filters say that they are equal', 'comparable', true],
    ['ends where nobody can say it', 'sql', false],
  ])('SL-11 a stream under the same role %s', async (_, event, goesOn) => {
    const { client, become, gateway } = await start(['admin']);
    client.send(event, undefined, 's');
    expect(await client.next()).toMatchObject({ data: 'true', id: 's' });
    become(['admin', 'more']);
    if (!goesOn) {
      expectError(await client.next(), 'FORBIDDEN');
      return;
    }
    expect(await client.next()).toMatchObject({ event: '$auth', id: 'auth' });
    gateway.more.resolve(undefined);
    expect(await client.next()).toMatchObject({ data: 'true', id: 's' });
  });
});
