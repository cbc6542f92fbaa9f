import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { policyAsyncApi } from './policy-asyncapi.js';
import type { PlainValue } from './plain-value.js';
import type { PolicyDocument, PolicyEndpoint } from './policy-document.js';
import { policyMarkdown } from './policy-markdown.js';
import { policyTypes } from './policy-types.js';

/** Every name that an event can have and that means something somewhere. */
const ODD = [
  '__proto__',
  'constructor',
  'a|b',
  '`code`',
  '<img/src=x/onerror=alert(1)>',
  '*/process.exit();/*',
  '"quoted"',
  "it's",
  '${x}',
  '@everyone',
  '#1',
  '[a](javascript:b)',
  '\\',
  'a.b',
  'a_b',
  'a~b',
  'a/b',
  '%2e',
  '**b**',
  '&amp;',
  '$ref',
];

const policy = (payload: PlainValue = null, reply?: PlainValue): PolicyDocument => ({
  format: 1,
  settings: {},
  endpoints: [
    {
      path: '/a"b|c',
      port: 0,
      origins: ['https://app.example.com'],
      authenticators: ['tickets'],
      settings: {},
      events: ODD.map((event) => ({
        event,
        handler: 'Odd.handle',
        module: 'AppModule',
        access: { all: [{ roles: ['admin', 'a|b'] }] },
        throttles: [{ limit: 5, ttl: 1000 }],
        payload,
        ...(reply !== undefined && { reply }),
      })),
    },
  ],
  schemas: {
    Note: { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: false },
    'Note.output': {
      type: 'object',
      'x-output': true,
      properties: { text: { type: 'string' }, 'mail|': { type: 'string', 'x-roles': ['a|b', 'admin'] } },
      required: ['text'],
      additionalProperties: false,
    },
  },
});

function diagnosticsOf(text: string, use: string): string[] {
  const files: Readonly<Record<string, string>> = { '/events.ts': text, '/use.ts': use };
  const options = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
    lib: ['lib.es5.d.ts'],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) =>
    files[name] === undefined
      ? getSourceFile(name, ...rest)
      : ts.createSourceFile(name, files[name], ts.ScriptTarget.ES2022);
  host.fileExists = (name) => files[name] !== undefined || fileExists(name);
  host.getCurrentDirectory = () => '/';
  host.directoryExists = () => true;
  host.readFile = (name) => files[name] ?? readFile(name);
  const program = ts.createProgram(Object.keys(files), options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

describe('the forms of a policy', () => {
  it('have no cell, link, mention or markup that an event name makes', () => {
    expect(policyMarkdown(policy())).toContain('| anything |');
    const limited = { ...policy(), settings: { output: { undeclaredReplies: 'fail' } } };
    expect(policyMarkdown(limited)).toContain('| nothing |');
    const lines = policyMarkdown(policy()).split('\n');
    const rows = lines.filter((line) => line.startsWith('| ') && line.includes('Odd.handle'));
    expect(rows).toHaveLength(ODD.length);
    for (const row of rows) expect(row.match(/\|/g)).toHaveLength(7);
    const text = lines.join('\n');
    for (const mark of ['<', '`', '*', '@', '[', '"', '$', '\\']) expect(text).not.toContain(mark);
    expect(text).toContain('## /a&#34;b&#124;c');
    expect(text).toContain('| mail&#124; | Note.output | role a&#124;b or admin sees it |');
  });

  // Compiling takes its time on a busy machine.
  it('have a type for each event, whatever it is called, and no code', { timeout: 60_000 }, () => {
    const text = policyTypes(policy({ $ref: '#/schemas/Note' }));
    const sent = ODD.map(
      (event) => `export const a${ODD.indexOf(event)}: WsPayload<'/a"b|c', ${JSON.stringify(event)}> = { text: 'a' };`,
    );
    const use = `import type { WsEvents, WsPayload } from './events.js';\n${sent.join('\n')}\n// @ts-expect-error what is no text is no note\nexport const bad: WsPayload<'/a"b|c', 'a.b'> = { text: 1 };\n// @ts-expect-error there is no such event\nexport type None = WsEvents['/a"b|c']['none'];\n`;
    expect(diagnosticsOf(text, use)).toEqual([]);
    expect(text.match(/\*\/process/g)).toHaveLength(1);
    expect(text).toContain('"*/process.exit();/*":');
  });

  it.each<[PlainValue, string]>([
    [null, 'undefined'],
    [true, 'unknown'],
    [{}, 'unknown'],
    [false, 'never'],
    [{ type: 'integer' }, 'number'],
    [{ type: ['string', 'null'] }, '(string) | (null)'],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, '(string) | (null)'],
    [{ enum: ['a', 'b"', 1, null] }, '("a") | ("b\\"") | (1) | (null)'],
    [{ const: 'x' }, '"x"'],
    [{ type: 'array', items: { type: 'string' } }, 'readonly (string)[]'],
    [{ type: 'array', prefixItems: [{ type: 'string' }], items: false }, 'readonly [string]'],
    [
      { type: 'object', properties: { b: { type: 'string' }, 'a-b': true }, required: ['b'] },
      '{ readonly "a-b"?: unknown; readonly "b": string }',
    ],
    [{ type: 'object', additionalProperties: { type: 'number' } }, 'Readonly<Record<string, number>>'],
    [{ type: 'object', additionalProperties: false }, 'Record<string, never>'],
    [{ $ref: '#/schemas/Note' }, 'WsSchemas["Note"]'],
    [{ $ref: '#/schemas/Note/$defs/Inner' }, 'WsSchemas["Note/$defs/Inner"]'],
    [{ $ref: 'https://evil.example/x' }, 'unknown'],
    [
      { allOf: [{ $ref: '#/schemas/Note' }], 'x-discriminator': { property: 'kind', value: 'note' } },
      '(WsSchemas["Note"]) & { readonly "kind": "note" }',
    ],
  ])('say %j as %s', (payload, type) => {
    expect(policyTypes(policy(payload))).toContain(
      `readonly "a.b": { readonly payload: ${type}; readonly reply: unknown };`,
    );
  });

  it('OD-04 say what a handler declares to answer, and nothing where it declares nothing', () => {
    expect(policyTypes(policy())).toContain('"a.b": { readonly payload: undefined; readonly reply: unknown };');
    const answered = policy(null, { $ref: '#/schemas/Note.output' });
    const types = policyTypes(answered);
    expect(types).toContain('"a.b": { readonly payload: undefined; readonly reply: WsSchemas["Note.output"] };');
    expect(types).toContain('readonly "Note.output": { readonly "mail|"?: string; readonly "text": string };');
    expect(policyMarkdown(answered)).toContain('| none | Note.output | Odd.handle |');
    const { operations, components } = JSON.parse(policyAsyncApi(answered)) as {
      operations: Record<string, { reply: { channel: object; messages: readonly { $ref: string }[] } }>;
      components: { messages: Record<string, { payload: { properties: object } }> };
    };
    expect(new Set(Object.keys(components.messages)).size).toBe(2 * ODD.length);
    for (const [id, { reply }] of Object.entries(operations)) {
      expect(reply.messages).toEqual([{ $ref: expect.stringMatching(`messages/${id}\\._reply$`) as string }]);
      expect(components.messages[`${id}._reply`]?.payload.properties).toMatchObject({
        data: { $ref: '#/components/schemas/Note.output' },
      });
    }
    expect(policyAsyncApi(policy())).not.toContain('_reply');
  });

  it('MO-07 show what no eye sees: a lock file is no friend of a terminal', () => {
    // An Arabic letter mark, a soft hyphen, a tag character, half a pair.
    const hidden = '\u061c\u00ad\u{e0041}\ud800';
    const before = policy();
    const [endpoint] = before.endpoints;
    const after = { ...before, endpoints: [{ ...(endpoint as PolicyEndpoint), origins: [hidden] }] };
    for (const text of [policyMarkdown(after), policyAsyncApi(after)]) expect(text).not.toMatch(/[\p{Cf}\p{Cs}]/u);
  });

  it('have ids that AsyncAPI takes, one for each event', () => {
    const { operations, components } = JSON.parse(policyAsyncApi(policy())) as {
      operations: object;
      components: { messages: object; schemas: object };
    };
    for (const ids of [Object.keys(operations), Object.keys(components.messages)]) {
      expect(new Set(ids).size).toBe(ODD.length);
      for (const id of ids) expect(id).toMatch(/^[\w.-]+$/);
    }
  });
});
