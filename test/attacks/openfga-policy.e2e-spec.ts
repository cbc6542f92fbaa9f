import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureWsBootError, WsAuthorize, type WsPolicyContext, WsResource } from '@secure-ws/nestjs';
import {
  OpenFgaApi,
  type OpenFgaObject,
  type OpenFgaOptions,
  OpenFgaPolicy,
  type OpenFgaTuple,
} from '@secure-ws/nestjs/openfga';
import { IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { deferred } from '../support/deferred.js';
import { expectError, withoutCorrelation } from '../support/error-frame.js';
import { type OpenFgaServer, startOpenFgaServer } from '../support/open-fga-server.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';
import { startStubProvider } from '../support/stub-provider.js';

class EditDocument {
  @IsString()
  documentId!: string;
}

interface Doc {
  readonly id: string;
}

/** What a test lets the application answer. */
class Script {
  resource: (id: string) => unknown = (id) => ({ id });
  tuples: readonly OpenFgaTuple[] = [];
  conditions: Readonly<Record<string, unknown>> | undefined = undefined;
}

@Injectable()
class DocumentEditor extends OpenFgaPolicy<EditDocument, Doc> {
  protected readonly relation = 'editor';

  constructor(private readonly script: Script) {
    super();
  }

  protected resource({ data }: WsPolicyContext<EditDocument>): Doc | undefined {
    return this.script.resource(data.documentId) as Doc | undefined;
  }

  protected objectOf({ id }: Doc): OpenFgaObject {
    return { type: 'document', id };
  }

  protected override contextualTuples(): readonly OpenFgaTuple[] {
    return this.script.tuples;
  }

  protected override context(): never {
    return this.script.conditions as never;
  }
}

@WebSocketGateway({ path: '/documents' })
class DocumentsGateway {
  readonly handled: unknown[] = [];

  @WsAuthorize(DocumentEditor)
  @SubscribeMessage('document.edit')
  edit(@MessageBody() _edit: EditDocument, @WsResource() document: Doc): { done: boolean } {
    this.handled.push(document);
    return { done: true };
  }
}

const optionsFor = ({ url, storeId, modelId, apiToken }: OpenFgaServer): OpenFgaOptions => ({
  url,
  storeId,
  modelId,
  apiToken,
  user: ({ id }) => ({ type: 'user', id }),
});

const start = async (options: Partial<OpenFgaOptions> = {}, script: Partial<Script> = {}, sub = 'alice') => {
  const openFga = await startOpenFgaServer();
  openFga.tuples.push({ user: 'user:alice', relation: 'owner', object: 'document:a' });
  const api = new OpenFgaApi({ ...optionsFor(openFga), ...options });
  const app = await startApp({
    providers: [
      DocumentsGateway,
      DocumentEditor,
      { provide: Script, useValue: Object.assign(new Script(), script) },
      { provide: OpenFgaApi, useValue: api },
    ],
  });
  const client = await connect(`${app.url}/documents`, { token: app.token({ sub }) });
  return { app, client, openFga, gateway: app.app.get(DocumentsGateway) };
};

const DONE = { data: { done: true } };

describe('an OpenFGA policy', () => {
  it('AZ-04 hands over the object that was judged, and asks for nothing but what is fresh', async () => {
    const { client, openFga, gateway } = await start();
    expect(await client.request('document.edit', { documentId: 'a' })).toMatchObject(DONE);
    expect(gateway.handled).toEqual([{ id: 'a' }]);
    expect(openFga.checks).toEqual([
      {
        tuple_key: { user: 'user:alice', relation: 'editor', object: 'document:a' },
        authorization_model_id: openFga.modelId,
        consistency: 'HIGHER_CONSISTENCY',
      },
    ]);
  });

  it('AZ-04 AZ-12 answers alike for the object of another and for one that is not there', async () => {
    const { client, openFga, gateway } = await start({}, { resource: (id) => (id === 'zzz' ? undefined : { id }) });
    openFga.tuples.push({ user: 'user:bob', relation: 'owner', object: 'document:b' });
    const foreign = await client.request('document.edit', { documentId: 'b' });
    const absent = await client.request('document.edit', { documentId: 'zzz' });
    expectError(foreign, 'FORBIDDEN');
    expect({ ...(withoutCorrelation(absent) as object), id: foreign.id }).toEqual(withoutCorrelation(foreign));
    expect(gateway.handled).toEqual([]);
  });

  it('AZ-02 asks again with each message', async () => {
    const { client, openFga } = await start();
    expect(await client.request('document.edit', { documentId: 'a' })).toMatchObject(DONE);
    openFga.tuples.length = 0;
    expectError(await client.request('document.edit', { documentId: 'a' }), 'FORBIDDEN');
  });

  it('AZ-04 passes on what holds for one message, and what conditions read', async () => {
    const tuples = [{ relation: 'member', object: { type: 'group', id: 'staff' } }];
    const { client, openFga } = await start({}, { tuples, conditions: { hour: 9 } });
    openFga.tuples.push({ user: 'group:staff#member', relation: 'editor', object: 'document:c' });
    expect(await client.request('document.edit', { documentId: 'c' })).toMatchObject(DONE);
    expect(openFga.checks[0]).toMatchObject({ context: { hour: 9 } });
  });

  it.each(['a#viewer', '*', 'a:b', 'a b', 'a\n', 'document:a', '', 'a\u2028', 'a'.repeat(300), '\ufeffa'])(
    'AZ-04 AZ-05 does not ask about the id %j, which OpenFGA reads as something else',
    async (documentId) => {
      const { client, openFga, gateway } = await start();
      openFga.tuples.push({ user: 'user:*', relation: 'editor', object: `document:${documentId}` });
      expectError(await client.request('document.edit', { documentId }), 'FORBIDDEN');
      expect([openFga.checks, gateway.handled]).toEqual([[], []]);
    },
  );

  it.each(['*', 'a#member', 'group:staff'])('AZ-04 asks nothing for the principal %j', async (sub) => {
    const { app, client, openFga } = await start({}, {}, sub);
    openFga.tuples.push({ user: `user:${sub}`, relation: 'editor', object: 'document:a' });
    expectError(await client.request('document.edit', { documentId: 'a' }), 'FORBIDDEN');
    expect(openFga.checks).toEqual([]);
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'policy-failed' }]);
  });

  it('AZ-09 refuses a contextual tuple that could mean another object', async () => {
    const { client, openFga } = await start(
      {},
      { tuples: [{ relation: 'editor', object: { type: 'document', id: '*' } }] },
    );
    expectError(await client.request('document.edit', { documentId: 'a' }), 'FORBIDDEN');
    expect(openFga.checks).toEqual([]);
  });

  const yes = JSON.stringify({ allowed: true });
  const say =
    (status: number, body: string, headers: Record<string, string> = {}) =>
    (_: unknown, response: ServerResponse): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    };

  it.each<readonly [what: string, misbehave: NonNullable<OpenFgaServer['misbehave']>]>([
    ['nothing', say(200, '')],
    ['no JSON', say(200, 'allowed: true')],
    ['a bare true', say(200, 'true')],
    ['a list', say(200, `[${yes}]`)],
    ['"true"', say(200, '{"allowed":"true"}')],
    ['1', say(200, '{"allowed":1}')],
    ['null', say(200, '{"allowed":null}')],
    ['another word', say(200, '{"Allowed":true}')],
    ['yes and no', say(200, '{"allowed":false,"allowed":true}')],
    ['yes on the prototype', say(200, '{"__proto__":{"allowed":true}}')],
    ['a byte order mark', say(200, `\ufeff${yes}`)],
    ['201', say(201, yes)],
    ['400', say(400, yes)],
    ['401', say(401, yes)],
    ['404', say(404, yes)],
    ['429', say(429, yes)],
    ['500', say(500, yes)],
    ['503', say(503, yes)],
    ['more than it may', say(200, `{"allowed":true,"resolution":"${'x'.repeat(20_000)}"}`)],
    ['half of what it announced', (_, response) => response.writeHead(200, { 'content-length': '500' }).end(yes)],
    ['by hanging up', (request) => request.socket.destroy()],
  ])('AZ-09 refuses where OpenFGA answers %s', async (_, misbehave) => {
    const crashes = watchForCrashes();
    const { app, client, openFga, gateway } = await start();
    openFga.misbehave = misbehave;
    const reply = await client.request('document.edit', { documentId: 'a' });
    expectError(reply, 'FORBIDDEN');
    expect(gateway.handled).toEqual([]);
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ code: 'FORBIDDEN', reason: 'policy-failed' }]);
    openFga.misbehave = undefined;
    expect(await client.request('document.edit', { documentId: 'a' })).toMatchObject(DONE);
    expect(app.log.lines.join('\n') + JSON.stringify([reply, app.events.events])).not.toContain(openFga.apiToken);
    expect(crashes).toEqual([]);
  });

  it('AZ-09 follows no redirect, and takes its token nowhere', async () => {
    const elsewhere = await startStubProvider({
      '/yes': (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(yes),
    });
    const { client, openFga, gateway } = await start();
    for (const status of [301, 302, 303, 307, 308]) {
      openFga.misbehave = say(status, yes, { location: `${elsewhere.url}/yes` });
      expectError(await client.request('document.edit', { documentId: 'a' }), 'FORBIDDEN');
    }
    expect([elsewhere.requests, gateway.handled]).toEqual([[], []]);
  });

  it.each<readonly [what: string, misbehave: NonNullable<OpenFgaServer['misbehave']>]>([
    ['never answers', () => undefined],
    ['never ends its answer', (_, response) => response.writeHead(200).write(yes.slice(0, -1))],
    [
      'drips its answer',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 10);
        response.on('close', () => {
          clearInterval(drip);
        });
      },
    ],
  ])('AZ-09 refuses where OpenFGA %s, and lets go of it', async (_, misbehave) => {
    const { app, client, openFga, gateway } = await start({ timeoutMs: 80 });
    const closed = deferred<void>();
    openFga.misbehave = (request, response) => {
      request.socket.once('close', () => {
        closed.resolve();
      });
      misbehave(request, response);
    };
    expectError(await client.request('document.edit', { documentId: 'a' }), 'FORBIDDEN');
    await closed.promise;
    expect(gateway.handled).toEqual([]);
    expect(app.log.lines.join('\n')).toContain('did not answer within 80 ms');
  });

  it('AZ-09 refuses with the id of another store, of another model and with another token', async () => {
    const other = '01ARZ3NDEKTSV4RRFFQ69G5FAW';
    for (const options of [{ storeId: other }, { modelId: other }, { apiToken: 'another' }]) {
      const { client, gateway } = await start(options);
      expectError(await client.request('document.edit', { documentId: 'a' }), 'FORBIDDEN');
      expect(gateway.handled).toEqual([]);
    }
  });

  it('AZ-09 refuses where nobody listens', async () => {
    const gone = await startStubProvider();
    const { app, client } = await start({ url: gone.url.replace(/\d+$/, '1') });
    expectError(await client.request('document.edit', { documentId: 'a' }), 'FORBIDDEN');
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'policy-failed' }]);
  });
});

describe('OpenFgaApi', () => {
  it.each<readonly [what: string, options: object, where: string]>([
    ['plain http elsewhere', { url: 'http://openfga.example.com' }, 'url'],
    ['a user in the address', { url: 'https://a:b@openfga.example.com' }, 'url'],
    ['no address', { url: undefined }, 'url'],
    ['a store that leads elsewhere', { storeId: '../../admin' }, 'storeId'],
    ['no store', { storeId: undefined }, 'storeId'],
    ['a model that is none', { modelId: 'latest' }, 'modelId'],
    ['a model that is not set', { modelId: undefined }, 'modelId'],
    ['a token that is not set', { apiToken: undefined }, 'apiToken'],
    ['a token of two lines', { apiToken: 'a\r\nx: y' }, 'apiToken'],
    ['no user', { user: undefined }, 'user'],
    ['another consistency', { consistency: 'NONE' }, 'consistency'],
    ['no time', { timeoutMs: 0 }, 'timeoutMs'],
    ['a misspelt option', { timeout: 5 }, 'timeout'],
  ])('AZ-01 does not start with %s', async (_, options, where) => {
    const whole = {
      url: 'https://openfga.example.com',
      storeId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      user: () => ({ type: 'user', id: 'x' }),
    };
    let problems: SecureWsBootError['problems'] = [];
    try {
      new OpenFgaApi({ ...whole, ...options });
    } catch (error) {
      problems = (error as SecureWsBootError).problems;
    }
    expect(problems.map((problem) => problem.where)).toEqual([`OpenFgaApi.${where}`]);
    expect(JSON.stringify(problems)).not.toContain('x: y');
  });
});
