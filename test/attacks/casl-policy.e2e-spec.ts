import { type AnyAbility, createMongoAbility, type MongoAbility, subject } from '@casl/ability';
import { Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { type Principal, WsAuthorize, type WsPolicyContext, WsResource, WsRowFilter } from '@secure-ws/nestjs';
import { CaslAbilities, CaslPolicy, CaslRowsPolicy } from '@secure-ws/nestjs/casl';
import { IsObject, IsOptional, IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { expectError, withoutCorrelation } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { bootFailure, startApp } from '../support/start-app.js';

type Rules = Parameters<typeof createMongoAbility>[0];

class ArticleChange {
  @IsString()
  articleId!: string;

  @IsOptional()
  @IsObject()
  changes?: Record<string, string>;
}

/** What a test lets the application answer. */
class Script {
  ability: (principal: Principal) => unknown = ({ id }) => createMongoAbility(ownArticles(id));
  resource: (id: string) => unknown = (id) => ARTICLES.get(id);
  fields: unknown = undefined;
}

const ownArticles = (id: string): Rules => [{ action: 'update', subject: 'Article', conditions: { ownerId: id } }];

const ARTICLES = new Map<string, object>([
  ['a', { id: 'a', ownerId: 'alice', title: 'A' }],
  ['b', { id: 'b', ownerId: 'bob', title: 'B' }],
]);

@Injectable()
class ScriptedAbilities extends CaslAbilities {
  constructor(private readonly script: Script) {
    super();
  }

  abilityOf(principal: Principal): AnyAbility {
    return this.script.ability(principal) as AnyAbility;
  }
}

@Injectable()
class CanUpdate extends CaslPolicy<ArticleChange> {
  protected readonly action = 'update';
  protected readonly subjectType = 'Article';

  constructor(private readonly script: Script) {
    super();
  }

  protected resource({ data }: WsPolicyContext<ArticleChange>): object | undefined {
    return this.script.resource(data.articleId) as object | undefined;
  }

  protected override fields({ data }: WsPolicyContext<ArticleChange>): readonly string[] {
    return (this.script.fields ?? (data.changes === undefined ? undefined : Object.keys(data.changes))) as string[];
  }
}

@Injectable()
class ReadableArticles extends CaslRowsPolicy {
  protected readonly action = 'read';
  protected readonly subjectType = 'Article';
}

@WebSocketGateway({ path: '/articles' })
class ArticlesGateway {
  readonly handled: unknown[] = [];

  @WsAuthorize(CanUpdate)
  @SubscribeMessage('article.update')
  update(@MessageBody() _change: ArticleChange, @WsResource() article: object): { done: boolean } {
    this.handled.push(article);
    return { done: true };
  }

  @WsAuthorize(ReadableArticles)
  @SubscribeMessage('article.list')
  list(@WsRowFilter() filter: object): { filter: object } {
    this.handled.push(filter);
    return { filter };
  }
}

const providers = [
  ArticlesGateway,
  CanUpdate,
  ReadableArticles,
  { provide: CaslAbilities, useClass: ScriptedAbilities },
];

const start = async (script: Partial<Script> = {}) => {
  const app = await startApp({
    providers: [...providers, { provide: Script, useValue: Object.assign(new Script(), script) }],
  });
  const client = await connect(`${app.url}/articles`, { token: app.token() });
  return { app, client, gateway: app.app.get(ArticlesGateway) };
};

const rules =
  (...list: NonNullable<Rules>) =>
  () =>
    createMongoAbility(list);

describe('a CASL policy', () => {
  it('AZ-04 hands over the very object that was judged', async () => {
    const { client, gateway } = await start();
    expect(await client.request('article.update', { articleId: 'a' })).toMatchObject({ data: { done: true } });
    expect(gateway.handled[0]).toBe(ARTICLES.get('a'));
  });

  it('AZ-04 AZ-12 answers alike for the object of another and for one that is not there', async () => {
    const { client, gateway } = await start();
    const foreign = await client.request('article.update', { articleId: 'b' });
    const absent = await client.request('article.update', { articleId: 'zzz' });
    expectError(foreign, 'FORBIDDEN');
    expect({ ...(withoutCorrelation(absent) as object), id: foreign.id }).toEqual(withoutCorrelation(foreign));
    expect(gateway.handled).toEqual([]);
  });

  it('AZ-02 asks for the ability with each message', async () => {
    let list: Rules = ownArticles('alice');
    const { client } = await start({ ability: () => createMongoAbility(list) });
    expect(await client.request('article.update', { articleId: 'a' })).toMatchObject({ data: { done: true } });
    list = [];
    expectError(await client.request('article.update', { articleId: 'a' }), 'FORBIDDEN');
  });

  it.each<readonly [what: string, resource: unknown]>([
    // can('update', 'a') is true for who may update some article: CASL takes a text for a type.
    ['the id itself', 'a'],
    ['the name of the type', 'Article'],
    ['a class', class Article {}],
    ['true', true],
    ['a promise of an id', Promise.resolve('a')],
    // To { ownerId: 'alice' } a list is what any of its members is.
    ['a list with one of another', [ARTICLES.get('a'), ARTICLES.get('b')]],
    ['a list with a hole', Object.assign([ARTICLES.get('a')], { length: 2 })],
    ['a list of ids', ['a']],
    ['an empty list', []],
    ['null', null],
    ['an object without the property', {}],
  ])('AZ-04 AZ-09 refuses where resource() answers %s', async (_, resource) => {
    const crashes = watchForCrashes();
    const { app, client, gateway } = await start({ resource: () => resource });
    expectError(await client.request('article.update', { articleId: 'a' }), 'FORBIDDEN');
    expect(gateway.handled).toEqual([]);
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ code: 'FORBIDDEN' }]);
    expect(crashes).toEqual([]);
  });

  it('AZ-04 admits a list of which each may be touched', async () => {
    const list = [ARTICLES.get('a'), ARTICLES.get('a')];
    const { client, gateway } = await start({ resource: () => list });
    expect(await client.request('article.update', { articleId: 'a' })).toMatchObject({ data: { done: true } });
    expect(gateway.handled[0]).toBe(list);
  });

  class Article {}
  const allButThis = rules(
    { action: 'manage', subject: 'all' },
    { action: 'update', subject: 'Article', inverted: true },
  );

  it.each<readonly [what: string, ability: (principal: Principal) => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['true', () => true],
    ['a list of rules', () => [{ action: 'manage', subject: 'all' }]],
    ['an object with can()', () => ({ can: () => true })],
    [
      'a throw',
      () => {
        throw new Error('db-password-1234');
      },
    ],
    ['a rejection', () => Promise.reject(new Error('db-password-1234'))],
    ['an ability without rules', rules()],
    ['an ability of another action', rules({ action: 'read', subject: 'all' })],
    ['an ability of another type', rules({ action: 'manage', subject: 'Comment' })],
    ['an ability with a rule against it', allButThis],
    [
      'an ability whose rule against it names the class of the same name',
      rules({ action: 'manage', subject: 'all' }, { action: 'update', subject: Article as never, inverted: true }),
    ],
    [
      'an ability whose conditions answer a promise',
      () =>
        createMongoAbility([{ action: 'update', subject: 'Article', conditions: {} }], {
          conditionsMatcher: () => (() => Promise.resolve(false)) as never,
        }),
    ],
    [
      'an ability whose conditions throw',
      () =>
        createMongoAbility([{ action: 'update', subject: 'Article', conditions: {} }], {
          conditionsMatcher: () => () => {
            throw new Error('db-password-1234');
          },
        }),
    ],
  ])('AZ-09 refuses where abilityOf() answers %s', async (_, ability) => {
    const crashes = watchForCrashes();
    const { app, client, gateway } = await start({ ability });
    const reply = await client.request('article.update', { articleId: 'a' });
    expectError(reply, 'FORBIDDEN');
    expect(JSON.stringify(reply)).not.toContain('db-password');
    expect(gateway.handled).toEqual([]);
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ code: 'FORBIDDEN' }]);
    expect(crashes).toEqual([]);
  });

  const titleOnly = rules({
    action: 'update',
    subject: 'Article',
    fields: ['title'],
    conditions: { ownerId: 'alice' },
  });
  const allButOwner = rules(
    { action: 'update', subject: 'Article' },
    { action: 'update', subject: 'Article', fields: ['ownerId'], inverted: true },
  );

  it.each<
    readonly [what: string, ability: () => MongoAbility, changes: Record<string, string> | undefined, may: boolean]
  >([
    ['the field that is allowed', titleOnly, { title: 'new' }, true],
    ['another field', titleOnly, { ownerId: 'alice' }, false],
    ['the field that is allowed and another', titleOnly, { title: 'new', ownerId: 'alice' }, false],
    ['nothing that it names', titleOnly, undefined, false],
    ['a field beside the one that is forbidden', allButOwner, { title: 'new' }, true],
    ['the field that is forbidden', allButOwner, { title: 'new', ownerId: 'alice' }, false],
  ])('AZ-07 judges the fields of a message that changes %s', async (_, ability, changes, may) => {
    const { client, gateway } = await start({ ability });
    const reply = await client.request('article.update', { articleId: 'a', changes });
    if (may) expect(reply).toMatchObject({ data: { done: true } });
    else expectError(reply, 'FORBIDDEN');
    expect(gateway.handled).toHaveLength(may ? 1 : 0);
  });

  it.each([
    ['a text', 'title'],
    ['a list with a hole', Object.assign([], { length: 1 })],
    ['a list of numbers', [1]],
    ['an empty name', ['']],
  ])('AZ-07 AZ-09 refuses where fields() answers %s', async (_, fields) => {
    const { client, gateway } = await start({ ability: rules({ action: 'manage', subject: 'all' }), fields });
    expectError(await client.request('article.update', { articleId: 'a' }), 'FORBIDDEN');
    expect(gateway.handled).toEqual([]);
  });

  it('AZ-04 agrees with CASL about objects of every kind', async () => {
    const list: Rules = [
      { action: 'update', subject: 'Article', conditions: { ownerId: 'alice' } },
      { action: 'manage', subject: 'all', conditions: { shared: true } },
      { action: 'update', subject: 'Article', conditions: { locked: true }, inverted: true },
    ];
    const ability = createMongoAbility(list);
    let article: object = {};
    const { client } = await start({ ability: () => ability, resource: () => article });
    for (let bits = 0; bits < 8; bits++) {
      article = { ownerId: (bits & 1) > 0 ? 'alice' : 'bob', shared: (bits & 2) > 0, locked: (bits & 4) > 0 };
      const reply = await client.request('article.update', { articleId: 'a' });
      expect(reply.event !== 'error').toBe(ability.can('update', subject('Article', { ...article })));
    }
  });

  it('AZ-03 does not boot without abilities', async () => {
    const error = await bootFailure({
      providers: [ArticlesGateway, CanUpdate, { provide: Script, useValue: new Script() }],
    });
    expect(String(error)).toContain('CaslAbilities');
  });
});

describe('a CASL policy of rows', () => {
  it('AZ-04 gives the conditions to the query', async () => {
    const { client } = await start({
      ability: rules(
        { action: 'read', subject: 'Article', conditions: { published: true } },
        { action: 'read', subject: 'Article', conditions: { ownerId: 'alice' } },
        { action: 'read', subject: 'Article', conditions: { banned: true }, inverted: true },
      ),
    });
    const not = { $nor: [{ banned: true }] };
    expect(await client.request('article.list')).toMatchObject({
      data: { filter: { $or: [{ $and: [{ ownerId: 'alice' }, not] }, { $and: [{ published: true }, not] }] } },
    });
  });

  it.each<readonly [what: string, ability: () => MongoAbility]>([
    ['there is no rule', rules()],
    [
      'the last rule forbids all',
      rules({ action: 'read', subject: 'all' }, { action: 'read', subject: 'all', inverted: true }),
    ],
    ['a rule names fields', rules({ action: 'read', subject: 'Article', fields: ['title'] })],
    [
      'the conditions are no query',
      () =>
        createMongoAbility([{ action: 'read', subject: 'Article', conditions: (() => true) as never }], {
          conditionsMatcher: (matches) => matches as never,
        }),
    ],
  ])('AZ-09 refuses where %s', async (_, ability) => {
    const { client, gateway } = await start({ ability });
    expectError(await client.request('article.list'), 'FORBIDDEN');
    expect(gateway.handled).toEqual([]);
  });

  it('AZ-04 narrows nothing for who may read everything', async () => {
    const { client } = await start({ ability: rules({ action: 'manage', subject: 'all' }) });
    expect(await client.request('article.list')).toMatchObject({ data: { filter: {} } });
  });
});
