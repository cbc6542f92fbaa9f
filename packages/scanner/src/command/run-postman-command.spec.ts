import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCommand } from './run-command.js';
import { POSTMAN_HELP } from './run-postman-command.js';

const THIRD = {
  asyncapi: '3.0.0',
  info: { title: 'Orders', version: '1.0.0' },
  channels: {
    orders: {
      address: '/orders',
      messages: { place: { $ref: '#/components/messages/place' }, placed: { name: 'placed' } },
    },
  },
  operations: {
    place: {
      action: 'receive',
      channel: { $ref: '#/channels/orders' },
      messages: [{ $ref: '#/channels/orders/messages/place' }],
      summary: 'Places one.',
    },
    placed: {
      action: 'send',
      channel: { $ref: '#/channels/orders' },
      messages: [{ $ref: '#/channels/orders/messages/placed' }],
    },
  },
  components: {
    messages: {
      place: {
        name: 'order.place',
        payload: {
          type: 'object',
          properties: {
            event: { const: 'order.place' },
            data: { $ref: '#/components/schemas/Order' },
            id: { oneOf: [{ type: 'integer' }] },
          },
        },
      },
    },
    schemas: {
      Order: {
        type: 'object',
        properties: {
          accountId: { type: 'string', format: 'uuid' },
          side: { enum: ['buy', 'sell'] },
          quantity: { type: 'integer', minimum: 3 },
          tags: { type: 'array', items: { type: 'string' } },
          parent: { $ref: '#/components/schemas/Order' },
          isLimit: { type: ['boolean', 'null'] },
          both: { allOf: [{ properties: { a: { default: 1 } } }, { properties: { b: { examples: ['x'] } } }] },
          away: { $ref: 'https://elsewhere.example/schema.json' },
        },
      },
    },
  },
};

const SECOND = {
  asyncapi: '2.6.0',
  info: { title: 'Chat', version: '1.0.0' },
  channels: {
    chat: {
      publish: {
        message: { oneOf: [{ name: 'join', examples: [{ payload: { room: 'a' } }] }, { payload: { type: 'string' } }] },
      },
      subscribe: { message: { name: 'joined' } },
    },
  },
};

async function run(...args: string[]) {
  const out: string[] = [];
  const notes: string[] = [];
  const status = await runCommand(['postman', ...args], {
    ...{ env: {}, stdin: Readable.from([]), untilStopped: () => Promise.resolve() },
    out: (line) => void out.push(line),
    note: (line) => void notes.push(line),
  });
  return { status, out: out.join('\n'), notes: notes.join('\n') };
}

async function fileWith(content: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postman-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'asyncapi.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

interface Item {
  readonly name: string;
  readonly request: { readonly method: string; readonly url: object; readonly body: { readonly raw: string } };
}
interface Collection {
  readonly info: object;
  readonly item: readonly { readonly name: string; readonly item: readonly Item[] }[];
}

describe('secure-ws-scan postman', () => {
  it('makes a collection of what clients send, out of version 3', async () => {
    const file = await fileWith(THIRD);
    const { status, out } = await run(file, '--url', 'wss://api.example.com/');
    expect(status).toBe(0);
    const { info, item } = JSON.parse(out) as Collection;
    expect(info).toEqual({
      name: 'Orders',
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    });
    expect(out).toContain('wss://api.example.com"');
    const [folder] = item;
    expect(folder?.item.map(({ name }) => name)).toEqual(['order.place']);
    const request = folder?.item[0]?.request;
    expect(request).toMatchObject({
      method: 'GET',
      description: 'Places one.',
      url: { raw: '{{url}}/orders', host: ['{{url}}'], path: ['orders'] },
    });
    const example = JSON.parse(request?.body.raw ?? '') as { readonly data: object };
    expect(example).toMatchObject({
      event: 'order.place',
      id: 1,
      data: {
        accountId: '00000000-0000-4000-8000-000000000000',
        side: 'buy',
        quantity: 3,
        tags: ['text'],
        isLimit: true,
        both: { a: 1, b: 'x' },
        away: null,
      },
    });
    // A schema that holds itself ends somewhere.
    expect(JSON.stringify(example).length).toBeLessThan(3000);
  });

  it('makes one out of version 2, into a file', async () => {
    const file = await fileWith(SECOND);
    const output = `${file}.collection.json`;
    expect(await run(file, '--output', output)).toMatchObject({ status: 0, out: '' });
    const { item } = JSON.parse(await readFile(output, 'utf8')) as Collection;
    expect(item.map(({ item: items }) => items.map(({ name, request }) => [name, request.body.raw]))).toEqual([
      [
        ['join', '{\n  "room": "a"\n}'],
        ['message', 'text'],
      ],
    ]);
  });

  it('takes a document whose references lead to themselves, and channels without operations', async () => {
    const loop = { $ref: '#/components/schemas/Loop' };
    const file = await fileWith({
      asyncapi: '3.0.0',
      channels: { a: { messages: { b: { payload: loop } } } },
      components: { schemas: { Loop: loop } },
    });
    const { status, out } = await run(file);
    expect([status, (JSON.parse(out) as Collection).item[0]?.item[0]?.request.body.raw]).toEqual([0, 'null']);
  });

  it('ends soon on a schema that refers to itself in many places, and on a large value in many messages', async () => {
    const properties = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [index, { $ref: '#/s' }]));
    const large = { const: 'x'.repeat(90_000) };
    const messages = Object.fromEntries(
      Array.from({ length: 4000 }, (_, index) => [index, { payload: { $ref: '#/l' } }]),
    );
    const file = await fileWith({
      ...{ asyncapi: '3.0.0', s: { type: 'object', properties }, l: large },
      channels: { a: { messages: { b: { payload: { $ref: '#/s' } }, ...messages } } },
    });
    const { status, out } = await run(file);
    expect(status).toBe(0);
    expect(out.length).toBeLessThan(20_000_000);
    const [first] = (JSON.parse(out) as Collection).item[0]?.item.slice(-1) ?? [];
    expect(first?.request.body.raw.length).toBeLessThan(50_000);
    const more = { asyncapi: '2.6.0', m: { oneOf: Array(5001).fill({}) } };
    const many = await run(await fileWith({ ...more, channels: { a: { publish: { message: { $ref: '#/m' } } } } }));
    expect(many.notes).toContain('it has more than 5000 messages.');
  });

  it('refuses what is none, and shows its help', async () => {
    const file = await fileWith('asyncapi: 3.0.0');
    expect((await run(file)).notes).toContain('save a document in YAML as JSON first');
    expect((await run()).notes).toContain('takes one AsyncAPI document');
    expect((await run('/no/such.json')).notes).toContain('cannot be read: ENOENT');
    expect((await run(file, '--url', 'https://api.example.com/a')).notes).toContain('--url is a server without a path');
    expect(await run('--help')).toEqual({ status: 0, out: POSTMAN_HELP, notes: '' });
  });
});
