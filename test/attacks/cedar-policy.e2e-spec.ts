import { Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureWsBootError, WsAuthorize, type WsPolicyContext, WsResource } from '@secure-ws/nestjs';
import { type CedarEntity, CedarEngine, type CedarEngineOptions, CedarPolicy } from '@secure-ws/nestjs/cedar';
import { IsOptional, IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { expectError, withoutCorrelation } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

const SCHEMA = `
entity Role;
entity User in [Role] { level: Long };
entity Album;
entity Photo in [Album] { owner: User, name: String, meta?: { note?: String } };
action share, remove appliesTo { principal: User, resource: Photo, context: { note?: String } };
`;

const POLICIES = `
permit(principal, action == Action::"share", resource) when { resource.owner == principal };
permit(principal in Role::"curator", action == Action::"share", resource in Album::"open");
forbid(principal, action, resource) when { principal.level * 2 < 2 };
`;

interface Photo {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
}

const PHOTOS = new Map<string, Photo>([
  ['a', { id: 'a', ownerId: 'alice', name: 'A' }],
  ['b', { id: 'b', ownerId: 'bob', name: 'B' }],
]);

class SharePhoto {
  @IsString()
  photoId!: string;

  @IsOptional()
  @IsString()
  note?: string;
}

/** What a test lets the application answer. */
class Script {
  action = 'share';
  level: unknown = 1;
  resource: (id: string) => unknown = (id) => PHOTOS.get(id);
  more: object = {};
  context: (note: string | undefined) => unknown = (note) => ({ note });
  entities: unknown = [];
}

@Injectable()
class MayShare extends CedarPolicy<SharePhoto, Photo> {
  constructor(private readonly script: Script) {
    super();
  }

  protected get action(): string {
    return this.script.action;
  }

  protected resource({ data }: WsPolicyContext<SharePhoto>): Photo | undefined {
    return this.script.resource(data.photoId) as Photo | undefined;
  }

  protected entityOf({ id, ownerId, name }: Photo): CedarEntity {
    const attributes = { owner: { type: 'User', id: ownerId }, name, ...this.script.more };
    return { type: 'Photo', id, attributes, parents: [{ type: 'Album', id: 'open' }] };
  }

  protected override context({ data }: WsPolicyContext<SharePhoto>): never {
    return this.script.context(data.note) as never;
  }

  protected override entities(): never {
    return this.script.entities as never;
  }
}

@WebSocketGateway({ path: '/photos' })
class PhotosGateway {
  readonly handled: unknown[] = [];

  @WsAuthorize(MayShare)
  @SubscribeMessage('photo.share')
  share(@MessageBody() _share: SharePhoto, @WsResource() photo: Photo): { done: boolean } {
    this.handled.push(photo);
    return { done: true };
  }
}

const start = async (
  changes: Partial<Script> = {},
  roles: readonly string[] = [],
  texts: Partial<CedarEngineOptions> = {},
) => {
  const script = Object.assign(new Script(), changes);
  const engine = new CedarEngine({
    policies: POLICIES,
    schema: SCHEMA,
    principal: (principal) => ({
      type: 'User',
      id: principal.id,
      attributes: { level: script.level as number },
      parents: principal.roles.map((id) => ({ type: 'Role', id })),
    }),
    ...texts,
  });
  const app = await startApp({
    providers: [
      PhotosGateway,
      MayShare,
      { provide: Script, useValue: script },
      { provide: CedarEngine, useValue: engine },
    ],
  });
  const client = await connect(`${app.url}/photos`, { token: app.token({ roles }) });
  return { app, client, script, gateway: app.app.get(PhotosGateway) };
};

describe('a Cedar policy', () => {
  it('AZ-04 hands over the very object that was judged', async () => {
    const { client, gateway } = await start();
    expect(await client.request('photo.share', { photoId: 'a', note: 'look' })).toMatchObject({ data: { done: true } });
    expect(gateway.handled[0]).toBe(PHOTOS.get('a'));
  });

  it('AZ-04 AZ-12 answers alike for the object of another and for one that is not there', async () => {
    const { client, gateway } = await start();
    const foreign = await client.request('photo.share', { photoId: 'b' });
    const absent = await client.request('photo.share', { photoId: 'zzz' });
    expectError(foreign, 'FORBIDDEN');
    expect({ ...(withoutCorrelation(absent) as object), id: foreign.id }).toEqual(withoutCorrelation(foreign));
    expect(gateway.handled).toEqual([]);
  });

  it('AZ-10 takes a role only where the identity has it', async () => {
    const curator = await start({}, ['curator']);
    expect(await curator.client.request('photo.share', { photoId: 'b' })).toMatchObject({ data: { done: true } });
    const almost = await start({}, ['curator2', 'Curator', '"curator"']);
    expectError(await almost.client.request('photo.share', { photoId: 'b' }), 'FORBIDDEN');
  });

  it('AZ-09 lets a forbid win over a permit', async () => {
    const { app, client } = await start({ level: 0 });
    expectError(await client.request('photo.share', { photoId: 'a' }), 'FORBIDDEN');
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ code: 'FORBIDDEN', reason: 'policy' }]);
  });

  it('AZ-09 refuses where a forbid cannot be evaluated, which Cedar itself would allow', async () => {
    const crashes = watchForCrashes();
    const { app, client, script, gateway } = await start({ level: Number.MAX_SAFE_INTEGER });
    // 2^53 * 2 is a number to Cedar; past 2^63 it is an error, and the forbid is left out.
    expect(await client.request('photo.share', { photoId: 'a' })).toMatchObject({ data: { done: true } });
    gateway.handled.length = 0;
    const overflow = await start({ level: Number.MAX_SAFE_INTEGER }, [], {
      policies: POLICIES.replace('principal.level * 2', 'principal.level * 9223372036854775807'),
    });
    expectError(await overflow.client.request('photo.share', { photoId: 'a' }), 'FORBIDDEN');
    expect(overflow.gateway.handled).toEqual([]);
    expect(overflow.app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'policy-failed' }]);
    expect(overflow.app.log.lines.join('\n')).toMatch(/not evaluated: policy2/);
    expect([script.action, app.events.ofType('ws.message.refused'), crashes]).toEqual(['share', [], []]);
  });

  const deep = (): object => {
    let value: object = { note: 'x' };
    for (let i = 0; i < 20_000; i++) value = { note: value };
    return value;
  };

  it.each<readonly [what: string, changes: Partial<Script>]>([
    ['an action that nobody permits', { action: 'remove' }],
    ['an action that is not in the schema', { action: 'nope' }],
    ['an action without a name', { action: '' }],
    ['an attribute of another type', { more: { name: 5 } }],
    ['an attribute that is a fraction', { level: 1.5 }],
    ['an attribute that is NaN', { level: Number.NaN }],
    ['an attribute that is null', { more: { name: null } }],
    ['an attribute that is a Date', { more: { name: new Date(0) } }],
    ['an attribute that is a function', { more: { name: () => 'x' } }],
    ['an attribute that is missing', { more: { name: undefined } }],
    ['an attribute that nobody declared', { more: { isAdmin: true } }],
    ['an attribute that says it is an entity', { more: { meta: { __entity: { type: 'User', id: 'alice' } } } }],
    ['an attribute that says it is an extension', { more: { meta: { __extn: { fn: 'ip', arg: '10.0.0.1' } } } }],
    ['an attribute without a bottom', { more: { meta: deep() } }],
    ['an attribute with half a character', { more: { name: '\ud800' } }],
    ['an owner without an id', { more: { owner: { type: 'User', id: '' } } }],
    ['a context with more than it has', { context: () => ({ isAdmin: true }) }],
    ['a context that is a list', { context: () => [] }],
    ['a context that is a text', { context: () => 'note' }],
    ['a second principal of the same name', { entities: [{ type: 'User', id: 'alice', attributes: { level: 9 } }] }],
    ['entities that are no list', { entities: {} }],
    ['entities with a hole', { entities: Object.assign([], { length: 1 }) }],
    ['a photo that is a text', { resource: () => 'a' }],
    ['a photo without an id', { resource: () => ({ ownerId: 'alice', name: 'A' }) }],
    [
      'a throw',
      {
        resource: () => {
          throw new Error('secret-of-alice');
        },
      },
    ],
  ])('AZ-09 refuses %s', async (_, changes) => {
    const crashes = watchForCrashes();
    const { app, client, script, gateway } = await start(changes);
    const reply = await client.request('photo.share', { photoId: 'a' });
    expectError(reply, 'FORBIDDEN');
    expect(gateway.handled).toEqual([]);
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ code: 'FORBIDDEN' }]);
    // What went wrong for one message is over with it.
    Object.assign(script, new Script());
    expect(await client.request('photo.share', { photoId: 'a' })).toMatchObject({ data: { done: true } });
    expect(crashes).toEqual([]);
  });

  it('MO-06 keeps the values of attributes out of the log', async () => {
    const { app, client } = await start({ more: { meta: { secret: 'secret-of-alice' } } });
    expectError(await client.request('photo.share', { photoId: 'a' }), 'FORBIDDEN');
    expect(app.log.lines.join('\n')).toContain('does not fit the schema');
    expect(app.log.lines.join('\n')).not.toContain('secret-of-alice');
  });

  it.each(['x", "__entity": {"type":"User","id":"bob"}', '\u200b', '"}', 'Photo::"a"', '\\'])(
    'AZ-04 takes the text %j for a text',
    async (text) => {
      const { client, gateway } = await start();
      expectError(await client.request('photo.share', { photoId: text }), 'FORBIDDEN');
      expect(await client.request('photo.share', { photoId: 'a', note: text })).toMatchObject({ data: { done: true } });
      expect(gateway.handled).toHaveLength(1);
    },
  );
});

describe('a Cedar engine', () => {
  const problemsOf = (options: Partial<CedarEngineOptions>): readonly { where: string; problem: string }[] => {
    try {
      new CedarEngine({ policies: POLICIES, schema: SCHEMA, principal: () => ({ type: 'User', id: 'x' }), ...options });
    } catch (error) {
      if (error instanceof SecureWsBootError) return error.problems;
      throw error;
    }
    return [];
  };

  it.each<readonly [what: string, options: object, where: string, problem: RegExp]>([
    ['policies that cannot be read', { policies: 'permit(principal, action' }, 'policies', /unexpected end of input/],
    ['a schema that cannot be read', { schema: 'entity User x' }, 'schema', /unexpected token/],
    ['no policy', { policies: '// nothing' }, 'policies', /has no policy/],
    [
      'an attribute that is not there',
      { policies: 'permit(principal, action, resource) when { resource.x };' },
      'policies',
      /attribute/,
    ],
    [
      'a forbid that can never apply',
      { policies: `${POLICIES} forbid(principal is Role, action, resource);` },
      'policies',
      /line 5/,
    ],
    ['a template', { policies: 'permit(principal == ?principal, action, resource);' }, 'policies', /template/],
    ['a missing schema', { schema: undefined }, 'schema', /missing/],
    ['a missing principal', { principal: undefined }, 'principal', /missing/],
    ['an option that it does not have', { mode: 'strict' }, 'mode', /./],
  ])('AZ-01 does not start with %s', (_, options, where, problem) => {
    expect(problemsOf(options)).toContainEqual(
      expect.objectContaining({ where: `CedarEngine.${where}`, problem: expect.stringMatching(problem) as string }),
    );
  });

  it('AZ-01 starts with what fits together', () => {
    expect(problemsOf({})).toEqual([]);
  });
});
