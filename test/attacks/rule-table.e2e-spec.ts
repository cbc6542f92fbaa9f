import { Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  anyOf,
  deny,
  grant,
  SecureGateway,
  WsAuthorize,
  type WsPolicy,
  type WsPolicyContext,
  WsPublic,
  WsResource,
  wsRules,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { expectError, withoutCorrelation } from '../support/error-frame.js';
import { NoteId } from '../support/notes.gateway.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, type AppShape, startApp } from '../support/start-app.js';
import type { TestClaims } from '../support/test-token.js';

@Injectable()
class OwnNote implements WsPolicy<NoteId, string> {
  authorize({ data, principal }: WsPolicyContext<NoteId>) {
    return data.noteId === principal.id ? grant(data.noteId) : deny();
  }
}

/** No decorator says who may: the table does. */
@WebSocketGateway({ path: '/table' })
class TableGateway {
  readonly handled: string[] = [];

  @SubscribeMessage('admin.purge')
  purge(): unknown {
    return this.#done('admin.purge');
  }

  @SubscribeMessage('admin')
  admin(): unknown {
    return this.#done('admin');
  }

  @SubscribeMessage('note.read')
  read(@MessageBody() _: NoteId, @WsResource() note: string): unknown {
    return this.#done(note);
  }

  @WsAuthorize({ scopes: ['notes:count'] })
  @SubscribeMessage('note.count')
  count(): unknown {
    return this.#done('note.count');
  }

  @SubscribeMessage('note.list')
  list(): unknown {
    return this.#done('note.list');
  }

  @WsAuthorize()
  @SubscribeMessage('forgotten')
  forgotten(): unknown {
    return this.#done('forgotten');
  }

  @WsAuthorize()
  @SubscribeMessage('legacy')
  legacy(): unknown {
    return this.#done('legacy');
  }

  #done(what: string): unknown {
    this.handled.push(what);
    return { done: what };
  }
}

@SecureGateway({ anonymous: true })
@WebSocketGateway({ path: '/open' })
class OpenGateway {
  @SubscribeMessage('news')
  news(): unknown {
    return { news: 1 };
  }

  @WsAuthorize()
  @SubscribeMessage('news.mine')
  mine(): unknown {
    return { news: 2 };
  }

  @SubscribeMessage('note.list')
  list(): unknown {
    return { notes: [] };
  }
}

const RULES = wsRules()
  .event('admin.*')
  .roles('admin', 'root')
  .event('note.read')
  .require(anyOf(OwnNote, { roles: ['auditor'] }))
  .scopes('notes:read')
  .event('note.list', OpenGateway)
  .public()
  .event('note.*')
  .roles('reader')
  .event('news*')
  .public()
  .event('legacy')
  .deny()
  .anyEvent()
  .deny();

const start = async (options: AppShape['options'] = { authorization: { rules: RULES } }) => {
  const app = await startApp({ providers: [TableGateway, OpenGateway, OwnNote], options });
  const open = (claims: TestClaims = {}) => connect(`${app.url}/table`, { token: app.token(claims) });
  const visit = () => connect(`${app.url}/open`, { origin: APP_ORIGIN });
  return { app, open, visit, gateway: app.app.get(TableGateway) };
};

describe('a rule table', () => {
  it('AZ-01 decides about handlers without a decorator', async () => {
    const { open, visit, gateway } = await start();
    const [alice, admin] = [await open({ scope: 'notes:read', roles: ['reader'] }), await open({ roles: ['root'] })];
    expectError(await alice.request('admin.purge'), 'FORBIDDEN');
    expect(await admin.request('admin.purge')).toMatchObject({ data: { done: 'admin.purge' } });
    expectError(await admin.request('note.list'), 'FORBIDDEN');
    expect(await alice.request('note.list')).toMatchObject({ data: { done: 'note.list' } });
    // The policy of the table judges the payload, and its resource reaches the handler.
    expect(await alice.request('note.read', { noteId: 'alice' })).toMatchObject({ data: { done: 'alice' } });
    expectError(await alice.request('note.read', { noteId: 'bob' }), 'FORBIDDEN');
    expectError(await (await open({ roles: ['auditor'] })).request('note.read', { noteId: 'bob' }), 'FORBIDDEN');
    const visitor = await visit();
    expect(await visitor.request('news')).toMatchObject({ data: { news: 1 } });
    expect(await visitor.request('note.list')).toMatchObject({ data: { notes: [] } });
    expect(gateway.handled).toEqual(['admin.purge', 'note.list', 'alice']);
  });

  it('AZ-01 and a decorator must agree: the stricter one wins', async () => {
    const { open, visit } = await start();
    expectError(await (await open({ roles: ['reader'] })).request('note.count'), 'FORBIDDEN');
    expectError(await (await open({ scope: 'notes:count' })).request('note.count'), 'FORBIDDEN');
    const both = await open({ roles: ['reader'], scope: 'notes:count' });
    expect(await both.request('note.count')).toMatchObject({ data: { done: 'note.count' } });
    // public() of the table opens nothing that a decorator asks an identity for.
    expectError(await (await visit()).request('news.mine'), 'FORBIDDEN');
  });

  it('AZ-12 closes what it denies or does not name, and nobody can tell that from what there is not', async () => {
    const { app, open, gateway } = await start();
    const client = await open({ roles: ['admin', 'root', 'reader', 'auditor'], scope: 'notes:read notes:count' });
    const answers = [];
    for (const event of ['legacy', 'forgotten', 'admin', 'no.such', 'ADMIN.purge', 'admin.', 'admin.*', '*']) {
      answers.push(withoutCorrelation({ ...(await client.request(event)), id: 'x' }));
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ data: { code: 'FORBIDDEN' } });
    expect(gateway.handled).toEqual([]);
    // The boot told of those that nobody reaches, for they may have been forgotten.
    const weak = app.events.ofType('ws.config.weak').map(({ option }) => option);
    expect(weak).toEqual(expect.arrayContaining(['TableGateway.forgotten', 'TableGateway.admin']));
    expect(weak).not.toContain('TableGateway.legacy');
  });
});

describe('a rule table that cannot be meant', () => {
  const problemsOf = async (rules: unknown) =>
    (
      await bootProblems({
        providers: [TableGateway, OpenGateway, OwnNote],
        options: { authorization: { rules: rules as never } },
      })
    ).map(({ where, problem }) => `${where} ${problem}`);

  class NoPolicy {}

  it.each<readonly [what: string, rules: unknown, problem: string]>([
    ['is not closed', wsRules().event('admin').deny(), 'authorization.rules must be a closed rule table'],
    ['ends without a decision', wsRules().anyEvent(), 'must be a closed rule table'],
    ['is a list', [{ event: 'admin', roles: ['admin'] }], 'must be a closed rule table'],
    [
      'looks like one',
      { rules: [], ruleOf: () => ({ requirements: [], stepUps: [], access: 'open' }) },
      'must be a closed rule table',
    ],
  ])('AZ-01 stops the boot where it %s', async (_, rules, problem) => {
    expect((await problemsOf(rules)).some((text) => text.includes(problem))).toBe(true);
  });

  it.each<readonly [what: string, rules: unknown, problems: readonly string[]]>([
    [
      'has a line for no event',
      wsRules().event('admn.*').roles('admin').anyEvent().authenticated(),
      ["event('admn.*') is for no event that a gateway handles"],
    ],
    [
      'has a line for an event of another gateway',
      wsRules().event('news', TableGateway).roles('admin').anyEvent().authenticated(),
      ["event('news', TableGateway) is for no event that a gateway handles"],
    ],
    [
      'has a line that an earlier one hides',
      wsRules().event('note.*').roles('reader').event('note.read').scopes('x').anyEvent().authenticated(),
      ["event('note.read') decides nothing: event('note.*') stands above it"],
    ],
    [
      'has a line twice',
      wsRules().event('note.list').roles('a').event('note.list').roles('b').anyEvent().authenticated(),
      ["event('note.list') decides nothing: event('note.list') stands above it"],
    ],
    [
      'has a * in the middle',
      wsRules().event('note.*.x').roles('a').anyEvent().authenticated(),
      ["event('note.*.x') names no event"],
    ],
    ['has a * alone', wsRules().event('*').roles('a').anyEvent().authenticated(), ["event('*') names no event"]],
    [
      'names what is no policy',
      wsRules()
        .event('admin')
        .require(NoPolicy as never)
        .anyEvent()
        .authenticated(),
      ["event('admin') NoPolicy has no authorize() method"],
    ],
    [
      'names an arrow function',
      wsRules()
        .event('admin')
        .require((() => true) as never)
        .anyEvent()
        .authenticated(),
      ["event('admin') a function without a name has no authorize() method"],
    ],
    [
      'has an empty role',
      wsRules().event('admin').roles('').anyEvent().authenticated(),
      ["event('admin') roles must be a list"],
    ],
    [
      'asks for nothing',
      (wsRules().event('admin') as never as { roles(): ReturnType<typeof wsRules> }).roles().anyEvent().authenticated(),
      ["event('admin') roles must be a list"],
    ],
    [
      'lets everybody in where nobody is anonymous',
      wsRules().event('admin').public().event('note.list', OpenGateway).public().anyEvent().roles('a'),
      ['TableGateway.admin is public() in authorization.rules, but its gateway admits no anonymous connection'],
    ],
  ])('AZ-01 stops the boot where it %s', async (_, rules, expected) => {
    const found = (await problemsOf(rules)).filter((text) => expected.some((part) => text.includes(part)));
    expect(found).toHaveLength(expected.length);
  });

  it('AZ-01 stops the boot where @WsPublic says the opposite', async () => {
    @SecureGateway({ anonymous: true })
    @WebSocketGateway({ path: '/x' })
    class PublicGateway {
      @WsPublic()
      @SubscribeMessage('ticker')
      ticker(): void {}

      @WsPublic()
      @SubscribeMessage('closed')
      closed(): void {}

      @WsPublic()
      @SubscribeMessage('news')
      news(): void {}
    }
    const rules = wsRules().event('closed').deny().event('news').public().anyEvent().authenticated();
    const problems = await bootProblems({ providers: [PublicGateway], options: { authorization: { rules } } });
    expect(problems.map(({ where }) => where)).toEqual(['PublicGateway.ticker', 'PublicGateway.closed']);
    for (const { problem } of problems) expect(problem).toContain('is @WsPublic, and authorization.rules');
  });
});
