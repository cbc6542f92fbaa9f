import { describe, expect, it } from 'vitest';
import { type OpenFgaServer, startOpenFgaServer } from '../../../../../test/support/open-fga-server.js';
import { createPrincipal } from '../../core/principal.js';
import { OpenFgaApi, type OpenFgaQuestion } from './open-fga-api.js';
import type { OpenFgaOptions } from './open-fga.options.js';

const alice = createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0 });
const object = { type: 'document', id: '42' };
const user = ({ id }: { readonly id: string }) => ({ type: 'user', id });

const apiOf = ({ url, storeId, modelId, apiToken }: OpenFgaServer, options: Partial<OpenFgaOptions> = {}) =>
  new OpenFgaApi({ url, storeId, modelId, apiToken, user, ...options });

const ask = (question: Partial<OpenFgaQuestion> = {}): OpenFgaQuestion => ({
  principal: alice,
  relation: 'viewer',
  object,
  ...question,
});

describe('OpenFgaApi', () => {
  it('AZ-04 says whether the principal has the relation', async () => {
    const server = await startOpenFgaServer();
    server.tuples.push({ user: 'user:alice', relation: 'viewer', object: 'document:42' });
    const api = apiOf(server);
    expect(await api.check(ask())).toBe(true);
    expect(await api.check(ask({ relation: 'editor' }))).toBe(false);
    expect(await api.check(ask({ object: { type: 'document', id: '43' } }))).toBe(false);
  });

  it('AZ-02 asks with what it was given, and with nothing that was not', async () => {
    const server = await startOpenFgaServer();
    const bodies: unknown[] = [];
    const heads: unknown[] = [];
    server.misbehave = (request, response) => {
      const { authorization, accept, 'content-type': type } = request.headers;
      heads.push({ authorization, accept, type, url: request.url, method: request.method });
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(JSON.parse(body));
        response.writeHead(200).end('{"allowed":true}');
      });
    };
    await new OpenFgaApi({ url: server.url, storeId: server.storeId, user }).check(ask());
    const contextualTuples = [
      { relation: 'member', object: { type: 'group', id: 'staff' } },
      { user: { type: 'group', id: 'staff' }, relation: 'viewer', object },
    ];
    await apiOf(server, { consistency: 'MINIMIZE_LATENCY' }).check(ask({ contextualTuples, context: { hour: 9 } }));
    const tuple_key = { user: 'user:alice', relation: 'viewer', object: 'document:42' };
    expect(bodies).toEqual([
      { tuple_key, consistency: 'HIGHER_CONSISTENCY' },
      {
        tuple_key,
        contextual_tuples: {
          tuple_keys: [
            { user: 'user:alice', relation: 'member', object: 'group:staff' },
            { user: 'group:staff', relation: 'viewer', object: 'document:42' },
          ],
        },
        authorization_model_id: server.modelId,
        context: { hour: 9 },
        consistency: 'MINIMIZE_LATENCY',
      },
    ]);
    const head = {
      accept: 'application/json',
      type: 'application/json',
      url: `/stores/${server.storeId}/check`,
      method: 'POST',
    };
    expect(heads).toEqual([head, { ...head, authorization: `Bearer ${server.apiToken}` }]);
  });

  it.each<[string, { type: unknown; id: unknown }]>([
    ['everybody', { type: 'document', id: '*' }],
    ['a relation of another object', { type: 'document', id: '42#viewer' }],
    ['two colons', { type: 'document', id: 'a:b' }],
    ['white space', { type: 'document', id: '4 2' }],
    ['a control character', { type: 'document', id: '4\u0007' }],
    ['an empty id', { type: 'document', id: '' }],
    ['an id that is a number', { type: 'document', id: 42 }],
    ['an empty type', { type: '', id: '42' }],
    ['a type that is a list', { type: ['document'], id: '42' }],
    ['a type with a colon', { type: 'a:b', id: '42' }],
    ['a type with an at sign', { type: 'a@b', id: '42' }],
    ['a type of 255 characters', { type: 't'.repeat(255), id: '1' }],
    ['a name of 257 characters', { type: 'document', id: 'x'.repeat(248) }],
    ['half of a surrogate pair', { type: 'document', id: 'a\ud800' }],
  ])('AZ-04 says no to an object with %s, and asks nobody', async (_, named) => {
    const server = await startOpenFgaServer();
    expect(await apiOf(server).check(ask({ object: named as never }))).toBe(false);
    expect(server.checks).toEqual([]);
  });

  it('AZ-04 asks about a name of 256 characters, and a type of 254', async () => {
    const server = await startOpenFgaServer();
    await apiOf(server).check(ask({ object: { type: 'document', id: 'x'.repeat(247) } }));
    await apiOf(server).check(ask({ object: { type: 't'.repeat(254), id: '1' } }));
    expect(server.checks.map(({ tuple_key }) => tuple_key.object.length)).toEqual([256, 256]);
  });

  it.each<[string, Partial<OpenFgaQuestion>, Partial<OpenFgaOptions>, string]>([
    ['a user that cannot be', {}, { user: () => ({ type: 'user', id: '*' }) }, 'The user of the principal'],
    ['an empty relation', { relation: '' }, {}, 'a relation has a name that OpenFGA cannot have.'],
    ['a relation with a hash', { relation: 'a#b' }, {}, 'a relation has a name'],
    ['a relation of 51 characters', { relation: 'r'.repeat(51) }, {}, 'a relation has a name'],
    ['a relation that is a list', { relation: ['viewer'] as never }, {}, 'a relation has a name'],
    [
      'a tuple of everybody',
      { contextualTuples: [{ user: { type: 'user', id: '*' }, relation: 'viewer', object }] },
      {},
      'The user of a contextual tuple has a type or an id that OpenFGA cannot have.',
    ],
    [
      'a tuple about every object',
      { contextualTuples: [{ relation: 'viewer', object: { type: 'document', id: '*' } }] },
      {},
      'The object of a contextual tuple',
    ],
    ['a tuple of no relation', { contextualTuples: [{ relation: '', object }] }, {}, 'a relation has a name'],
  ])('AZ-09 throws for %s, and asks nobody', async (_, question, options, text) => {
    const server = await startOpenFgaServer();
    const answer = apiOf(server, options).check(ask(question));
    await expect(answer).rejects.toThrow(TypeError);
    await expect(answer).rejects.toThrow(text);
    expect(server.checks).toEqual([]);
  });

  it('AZ-04 takes a relation of 50 characters', async () => {
    const server = await startOpenFgaServer();
    expect(await apiOf(server).check(ask({ relation: 'r'.repeat(50) }))).toBe(false);
    expect(server.checks).toHaveLength(1);
  });

  it.each<[string, number, string, string]>([
    ['404', 404, '{}', 'the answer says neither'],
    ['no answer to the question', 200, '{}', 'OpenFGA: the answer says neither that it is allowed nor that it is not.'],
    ['a text', 200, '{"allowed":"true"}', 'the answer says neither'],
    ['a number', 200, '{"allowed":1}', 'the answer says neither'],
    ['an error', 500, '{"allowed":true}', 'answered 500'],
    ['more than it may', 200, `{"allowed":true,"x":"${'x'.repeat(20_000)}"}`, 'more than 16384 bytes'],
  ])('AZ-09 throws where the server answers %s', async (_, status, body, text) => {
    const server = await startOpenFgaServer();
    server.misbehave = (request, response) => {
      request.resume();
      response.writeHead(status).end(body);
    };
    await expect(apiOf(server).check(ask())).rejects.toThrow(text);
  });
});
