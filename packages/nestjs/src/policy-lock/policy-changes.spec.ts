import { describe, expect, it } from 'vitest';
import { policyChanges } from './policy-changes.js';
import type { PlainValue } from './plain-value.js';
import type { PolicyAccess, PolicyDocument, PolicyEndpoint, PolicyEvent } from './policy-document.js';

const event = (fields: Partial<PolicyEvent> = {}): PolicyEvent => ({
  event: 'admin.purge',
  handler: 'AdminGateway.purge',
  module: 'AdminModule',
  access: { all: [{ roles: ['admin'] }] },
  throttles: [],
  payload: null,
  ...fields,
});

const endpoint = (fields: Partial<PolicyEndpoint> = {}): PolicyEndpoint => ({
  path: '/admin',
  port: 0,
  origins: ['https://app.example.com'],
  authenticators: ['tickets'],
  settings: {},
  events: [event()],
  ...fields,
});

const policy = (fields: Partial<PolicyDocument> = {}): PolicyDocument => ({
  format: 1,
  settings: { validation: { maxDepth: 20 } },
  endpoints: [endpoint()],
  schemas: { Purge: { properties: { note: { maxLength: 1000 } } } },
  ...fields,
});

const words = (after: PolicyDocument, before = policy()): string[] =>
  policyChanges(before, after).map(({ kind, text }) => `${kind}: ${text}`);

const withEvents = (...events: PolicyEvent[]): PolicyDocument => policy({ endpoints: [endpoint({ events })] });

const access = (was: PolicyAccess, is: PolicyAccess): string[] =>
  words(withEvents(event({ access: is })), withEvents(event({ access: was })));

const owner = { policy: 'Owner', module: 'AdminModule' };

describe('the words for changes', () => {
  it('are none where nothing changed, in whatever order it is written', () => {
    expect(words(policy())).toEqual([]);
    const turned = policy({ schemas: {}, settings: { b: 1, a: { d: 1, c: 2 } } });
    expect(words(turned, policy({ schemas: {}, settings: { a: { c: 2, d: 1 }, b: 1 } }))).toEqual([]);
  });

  it.each<[string, PolicyAccess, PolicyAccess, string[]]>([
    [
      'a role more',
      { all: [{ roles: ['admin'] }] },
      { all: [{ roles: ['admin', 'editor'] }] },
      ['wider: role editor may now call admin.purge on /admin'],
    ],
    [
      'a role less',
      { all: [{ roles: ['admin', 'editor'] }] },
      { all: [{ roles: ['admin'] }] },
      ['narrower: role editor may no longer call admin.purge on /admin'],
    ],
    [
      'a role for another',
      { all: [{ roles: ['admin'] }] },
      { all: [{ roles: ['editor'] }] },
      [
        'wider: role editor may now call admin.purge on /admin',
        'narrower: role admin may no longer call admin.purge on /admin',
      ],
    ],
    [
      'a policy less',
      { all: [owner, { scope: 'purge' }] },
      { all: [{ scope: 'purge' }] },
      ['wider: admin.purge on /admin no longer asks for policy Owner of AdminModule'],
    ],
    [
      'a policy of the same name from another module',
      { all: [owner] },
      { all: [{ ...owner, module: 'LegacyModule' }] },
      [
        'wider: admin.purge on /admin no longer asks for policy Owner of AdminModule',
        'narrower: admin.purge on /admin now asks for policy Owner of LegacyModule',
      ],
    ],
    [
      'an alternative more',
      { all: [{ anyOf: [owner, { roles: ['admin'] }] }] },
      { all: [{ anyOf: [owner, { roles: ['admin'] }, { scope: 'a' }] }] },
      ['wider: who meets scope a may now call admin.purge on /admin'],
    ],
    [
      'no demand at all',
      { all: [{ roles: ['admin'] }] },
      { all: [] },
      ['wider: admin.purge on /admin no longer asks for role admin'],
    ],
    [
      'a demand that is no longer all of it',
      { all: [owner, { roles: ['admin'] }] },
      { all: [{ anyOf: [owner, { roles: ['admin'] }] }] },
      [
        'wider: admin.purge on /admin no longer asks for policy Owner of AdminModule',
        'wider: admin.purge on /admin no longer asks for role admin',
        'narrower: admin.purge on /admin now asks for (policy Owner of AdminModule or role admin)',
      ],
    ],
    [
      'a public event',
      { all: [] },
      { public: true },
      ['wider: anybody may now call admin.purge on /admin, without an identity'],
    ],
    [
      'an event that is no longer public',
      { public: true },
      { all: [] },
      ['narrower: admin.purge on /admin is no longer public: every authenticated principal may call it'],
    ],
    [
      'an older log-in',
      { all: [{ loginMs: 60_000 }] },
      { all: [{ loginMs: 600_000 }] },
      ['wider: admin.purge on /admin now asks for a log-in of the last 600 s; it was a log-in of the last 60 s'],
    ],
    [
      'no log-in at all',
      { all: [{ loginMs: 60_000 }] },
      { all: [] },
      ['wider: admin.purge on /admin no longer asks for a log-in of the last 60 s'],
    ],
    [
      'an event that was closed',
      { closed: true },
      { all: [] },
      ['wider: every authenticated principal may now call admin.purge on /admin'],
    ],
    [
      'an event that is closed',
      { all: [] },
      { closed: true },
      ['narrower: nobody may call admin.purge on /admin any more'],
    ],
    [
      'a demand of a kind without words',
      { all: [{ other: { recent: 1000 } }] },
      { all: [] },
      ['wider: admin.purge on /admin no longer asks for {"recent":1000}'],
    ],
  ])('name %s', (_, was, is, expected) => {
    expect(access(was, is)).toEqual(expected);
  });

  it('name events that come, go and move', () => {
    const moved = policy({ endpoints: [endpoint({ events: [] }), endpoint({ path: '/open' })] });
    expect(words(moved)).toEqual([
      'wider: /open is new: there is one more place to connect to',
      'wider: pages of https://app.example.com may now connect to /open',
      'wider: clients with tickets may now connect to /open',
      'wider: admin.purge on /open is new, by AdminGateway.purge',
      'wider: who meets role admin may now call admin.purge on /open',
      'narrower: admin.purge on /admin is gone',
    ]);
    expect(words(policy({ endpoints: [] }))).toEqual(['narrower: /admin is gone, and with it admin.purge']);
  });

  it('OD-01 name it where what no handler declares goes out, or does not any more', () => {
    const limited = policy({ settings: { validation: { maxDepth: 20 }, output: { undeclaredReplies: 'fail' } } });
    expect(words(policy(), limited)).toEqual([
      `wider: everything now goes out that no @WsReply() and no "as" declares: output.undeclaredReplies was 'fail'`,
    ]);
    expect(words(limited)).toEqual([
      `narrower: nothing goes out that no @WsReply() and no "as" declares: output.undeclaredReplies is 'fail'`,
    ]);
    expect(words(policy({ settings: { output: { undeclaredReplies: 'fail' } } }), limited)).toEqual([
      'other: validation of the settings of all gateways was {"maxDepth":20}, and is nothing',
    ]);
  });

  it('name what changes about a place: pages, identities, settings', () => {
    const after = endpoint({
      origins: ['any origin'],
      authenticators: ['tickets', 'jwt of a for b (HS256)'],
      settings: { anonymous: true },
    });
    expect(words(policy({ endpoints: [after] }))).toEqual([
      'wider: pages of any origin may now connect to /admin',
      'wider: clients with jwt of a for b (HS256) may now connect to /admin',
      'other: settings.anonymous of /admin was nothing, and is true',
      'narrower: pages of https://app.example.com may no longer connect to /admin',
    ]);
  });

  it('name limits, schemas, and whatever else an event has', () => {
    const limited = event({ throttles: [{ limit: 5, ttl: 1000 }], reported: true, module: 'Other' });
    const schemas = { Purge: { properties: { note: {} } } };
    expect(words(policy({ endpoints: [endpoint({ events: [limited] })], settings: {}, schemas }))).toEqual([
      'other: module of admin.purge on /admin was AdminModule, and is Other',
      'other: reported of admin.purge on /admin was nothing, and is true',
      'other: validation of the settings of all gateways was {"maxDepth":20}, and is nothing',
      'other: Purge.properties.note.maxLength of the schemas was 1000, and is nothing',
      'narrower: admin.purge on /admin may now be sent 5 in 1 s; it was as often as its connection allows',
    ]);
  });

  const field = (schema: PlainValue | undefined, isOutput = false): PolicyDocument =>
    policy({
      schemas: {
        User: {
          ...(isOutput && { 'x-output': true }),
          properties: { name: { type: 'string' }, ...(schema !== undefined && { role: schema }) },
        },
      },
    });

  it.each<[string, PlainValue | undefined, PlainValue | undefined, boolean, string[]]>([
    ['is opened to a role', { 'x-roles': ['a'] }, { 'x-roles': ['a', 'b'] }, false, ['wider: role b may now send role of User']],
    ['is opened to all', { 'x-roles': ['a'] }, {}, false, ['wider: everybody may now send role of User']],
    ['is closed', {}, { 'x-roles': ['a', 'b'] }, false, ['narrower: only role a or b may still send role of User']],
    ['is for another role', { 'x-roles': ['a'] }, { 'x-roles': ['b'] }, false, ['wider: role b may now send role of User', 'narrower: role a may no longer send role of User']],
    ['is opened and changed', { 'x-roles': ['a'], maxLength: 1 }, { maxLength: 2 }, false, ['wider: everybody may now send role of User', 'other: User.properties.role.maxLength of the schemas was 1, and is 2']],
    ['is new', undefined, { 'x-roles': ['a'] }, false, ['other: User.properties.role of the schemas was nothing, and is {"x-roles":["a"]}']],
    ['is shown to a role', { 'x-roles': ['a'] }, { 'x-roles': ['a', 'b'] }, true, ['wider: role b may now see role of User']],
    ['is shown to all', { 'x-roles': ['a'] }, { type: 'string' }, true, ['wider: everybody may now see role of User', 'other: User.properties.role.type of the schemas was nothing, and is string']],
    ['goes out', undefined, {}, true, ['wider: everybody may now see role of User']],
    ['goes out to a role', undefined, { 'x-roles': ['a'] }, true, ['wider: role a may now see role of User']],
    ['goes out no more', { type: 'string' }, undefined, true, ['narrower: nobody may see role of User any more']],
  ])('AZ-07 OD-04 name a field that %s', (_, was, is, isOutput, expected) => {
    expect(words(field(is, isOutput), field(was, isOutput))).toEqual(expected);
  }); // prettier-ignore

  it.each<[PlainValue]>([[null], ['text'], [[]], [{ properties: 7 }], [{ properties: { role: null } }]])(
    'AZ-07 take any schema that a file may hold, such as %j',
    (schema) => {
      const odd = policy({ schemas: { User: schema } });
      expect(words(odd, odd)).toEqual([]);
      expect(words(odd, field({ 'x-roles': ['a'] })).length).toBeGreaterThan(0);
      expect(words(field({ 'x-roles': ['a'] }), odd).length).toBeGreaterThan(0);
    },
  );

  it('find what is called like something that every object has', () => {
    const odd = (name: string, roles: string[]): PolicyDocument =>
      withEvents(event({ event: name, access: { all: [{ roles }] } }));
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(words(odd(name, ['b']), odd(name, ['a']))).toHaveLength(2);
      const before = policy({ schemas: {} });
      const after = policy({ schemas: JSON.parse(`{"${name}":{"type":"string"}}`) as PolicyDocument['schemas'] });
      expect(words(after, before)).toEqual([`other: ${name} of the schemas was nothing, and is {"type":"string"}`]);
    }
  });
});
