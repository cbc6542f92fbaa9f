import { Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  deny,
  grant,
  SecureGateway,
  WsAuthorize,
  WsBinary,
  WsBytes,
  type WsPolicy,
  WsThrottle,
} from '@secure-ws/nestjs';
import { IsString, Length } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { binaryMessage, CODECS, decodedMessages } from '../support/binary-message.js';
import { bootProblems } from '../support/boot-problems.js';
import { Text } from '../support/echo.gateway.js';
import { closeCodeOf } from '../support/frame-reader.js';
import { clientFragments, clientFrame, OPCODES } from '../support/frame-writer.js';
import { connect } from '../support/queueing-client.js';
import { openRaw } from '../support/raw-handshake.js';
import { type RunningApp, sharedApp, startApp } from '../support/start-app.js';

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from('pixels')]);
const MOST = 100_000;

class Named {
  @IsString()
  @Length(1, 20)
  name!: string;
}

@Injectable()
class OnlyMine implements WsPolicy<Named> {
  authorize({ data }: { readonly data: Named }) {
    return data.name === 'mine' ? grant(data) : deny();
  }
}

@SecureGateway({
  subprotocols: ['msgpack.v1', 'cbor.v1'],
  limits: { connectionBytesPerSecond: 50_000_000, maxQueuedBytes: 1_000_000, maxMessageBytes: 2000 },
})
@WebSocketGateway({ path: '/files' })
@WsAuthorize()
class FilesGateway {
  readonly kept: Buffer[] = [];

  @WsBinary({ maxBytes: MOST, magic: ['png', { hex: '424d' }] })
  @SubscribeMessage('image.set')
  setImage(@MessageBody() { name }: Named, @WsBytes() bytes: Buffer): object {
    this.kept.push(bytes);
    return { name, size: bytes.length };
  }

  @WsBinary({ maxBytes: 10 })
  @SubscribeMessage('small')
  small(@WsBytes() bytes: Buffer): string {
    this.kept.push(bytes);
    return bytes.toString('hex');
  }

  @WsAuthorize({ roles: ['admin'] })
  @WsBinary({ maxBytes: 10 })
  @SubscribeMessage('admin.set')
  setAdmin(@WsBytes() bytes: Buffer): number {
    return bytes.length;
  }

  @WsAuthorize(OnlyMine)
  @WsBinary({ maxBytes: 10 })
  @SubscribeMessage('owned')
  owned(@MessageBody() { name }: Named, @WsBytes() bytes: Buffer): string {
    return `${name} ${bytes.length}`;
  }

  @WsThrottle({ limit: 1, ttl: 600_000 })
  @WsBinary({ maxBytes: 10 })
  @SubscribeMessage('once')
  once(@WsBytes() bytes: Buffer): number {
    return bytes.length;
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() { text }: Text): object {
    return { text };
  }

  @SubscribeMessage('count')
  async *count(): AsyncGenerator<number> {
    yield* [1, 2];
  }

  @SubscribeMessage('deep')
  deep(): unknown {
    let value: unknown = 1;
    for (let depth = 0; depth < 300; depth++) value = [value];
    return value;
  }
}

const PROVIDERS = [FilesGateway, OnlyMine];
const refused = (code: string, more: object = {}) => ({ event: 'error', data: { code, ...more } });

describe('bytes behind a JSON envelope', () => {
  const app = sharedApp({ providers: PROVIDERS });
  const open = (protocols: string[] = []) => connect(`${app().url}/files`, { token: app().token(), protocols });
  const kept = () => app().app.get(FilesGateway).kept;

  const answer = async (frame: Buffer) => {
    const client = await open();
    client.sendRaw(frame);
    return client.next();
  };

  it('MV-11 reach the handler with the validated data, whole, in fragments and beside text', async () => {
    const client = await open();
    client.sendRaw(binaryMessage({ event: 'image.set', data: { name: 'a' }, id: 1 }, PNG));
    expect(await client.next()).toMatchObject({ event: 'image.set', data: { name: 'a', size: PNG.length }, id: 1 });
    expect(await client.request('echo', { text: 'between' })).toMatchObject({ data: { text: 'between' } });
    const tcp = await openRaw(app(), '/files');
    const large = Buffer.concat([PNG, Buffer.alloc(MOST - PNG.length, 7)]);
    const message = binaryMessage({ event: 'image.set', data: { name: 'b' }, id: 2 }, large);
    for (const fragment of clientFragments(message, 20, OPCODES.binary)) tcp.write(fragment);
    expect(JSON.parse((await tcp.nextFrame()).payload.toString())).toMatchObject({ data: { size: MOST } });
    expect(kept().at(-1)?.equals(large)).toBe(true);
  });

  it('MV-11 are memory of their own, which neither keeps a chunk of the socket nor shares a pool', async () => {
    const client = await open();
    client.sendRaw(binaryMessage({ event: 'small', id: 1 }, Buffer.from('secret')));
    client.sendRaw(binaryMessage({ event: 'small', id: 2 }, Buffer.from('others')));
    await client.next();
    await client.next();
    for (const bytes of kept().slice(-2)) expect(bytes.buffer.byteLength).toBe(bytes.length);
    kept().at(-2)?.fill(0);
    expect(kept().at(-1)?.toString()).toBe('others');
  });

  it.each<readonly [what: string, frame: () => Buffer, rule: string]>([
    ['too many', () => binaryMessage({ event: 'small', id: 1 }, Buffer.alloc(11)), 'maxBytes'],
    ['none', () => binaryMessage({ event: 'small', id: 1 }, Buffer.alloc(0)), 'bytes'],
    [
      'of another kind',
      () => binaryMessage({ event: 'image.set', data: { name: 'a' }, id: 1 }, Buffer.from('GIF89a')),
      'magic',
    ],
    [
      'too few to tell',
      () => binaryMessage({ event: 'image.set', data: { name: 'a' }, id: 1 }, PNG.subarray(0, 7)),
      'magic',
    ],
    ['for a handler without', () => binaryMessage({ event: 'echo', data: { text: 'x' }, id: 1 }, PNG), 'noBytes'],
    [
      'empty, for a handler without',
      () => binaryMessage({ event: 'echo', data: { text: 'x' }, id: 1 }, Buffer.alloc(0)),
      'noBytes',
    ],
  ])('MV-11 are refused: %s', async (_, frame, rule) => {
    const before = kept().length;
    expect(await answer(frame())).toMatchObject({
      id: 1,
      ...refused('VALIDATION_FAILED', { issues: [{ path: '', rule }] }),
    });
    expect(kept()).toHaveLength(before);
    expect(app().events.ofType('ws.message.refused').at(-1)).toMatchObject({ reason: 'bytes' });
  });

  it('MV-11 are asked for: a text message to a handler of bytes is refused', async () => {
    const client = await open();
    expect(await client.request('small')).toMatchObject(
      refused('VALIDATION_FAILED', { issues: [{ path: '', rule: 'bytes' }] }),
    );
  });

  it.each<readonly [what: string, frame: () => Buffer, reason: string]>([
    ['an empty frame', () => Buffer.alloc(0), 'envelope'],
    ['half a length', () => Buffer.alloc(1), 'envelope'],
    ['a length that lies', () => binaryMessage('{}', Buffer.alloc(0), 500), 'envelope'],
    ['no envelope', () => binaryMessage('', PNG), 'json-syntax'],
    ['JSON and nothing else', () => Buffer.from('{"event":"small","id":1}'), 'envelope'],
    [
      'an envelope that is no UTF-8',
      () => binaryMessage(Buffer.from('{"event":"image.set","data":{"name":"\xc3("}}', 'latin1'), PNG),
      'envelope',
    ],
    ['a byte order mark', () => binaryMessage('\ufeff{"event":"small"}', PNG), 'json-syntax'],
    ['a duplicate key', () => binaryMessage('{"event":"small","event":"echo"}', PNG), 'json-duplicate-key'],
    ['__proto__', () => binaryMessage('{"event":"small","data":{"__proto__":1}}', PNG), 'json-forbidden-key'],
    ['a stranger among the keys', () => binaryMessage({ event: 'small', more: 1 }, PNG), 'envelope'],
    ['bytes as a member', () => binaryMessage({ event: 'small', bytes: 'x' }, PNG), 'envelope'],
    ['a large envelope', () => binaryMessage({ event: 'small', data: 'x'.repeat(2100) }, PNG), 'message-size'],
  ])('MV-01 MV-11 MV-12 are not found behind %s', async (_, frame, reason) => {
    const client = await open();
    client.sendRaw(frame());
    expect(await client.next()).toMatchObject({ ...refused('BAD_MESSAGE'), messages: [1, 1] });
    expect(app().events.ofType('ws.message.refused').at(-1)).toMatchObject({ reason });
    expect(await client.request('echo', { text: 'still' })).toMatchObject({ data: { text: 'still' } });
  });

  it('AZ-12 are no way to tell which events there are', async () => {
    const shape = ({ data, ...rest }: Awaited<ReturnType<typeof answer>>) => ({
      ...rest,
      ...(data as object),
      correlationId: '',
    });
    const unknown = shape(await answer(binaryMessage({ event: 'nothing', id: 1 }, PNG)));
    for (const bytes of [PNG, Buffer.alloc(3), Buffer.alloc(0)]) {
      expect(shape(await answer(binaryMessage({ event: 'admin.set', id: 1 }, bytes)))).toEqual(unknown);
    }
  });

  it('AZ-04 MV-18 are judged by role, data and policy as any message', async () => {
    expect(
      await answer(binaryMessage({ event: 'owned', data: { name: 'mine' }, id: 1 }, PNG.subarray(0, 4))),
    ).toMatchObject({ data: 'mine 4' });
    expect(
      await answer(binaryMessage({ event: 'owned', data: { name: 'his' }, id: 1 }, PNG.subarray(0, 4))),
    ).toMatchObject(refused('FORBIDDEN'));
    expect(
      await answer(binaryMessage({ event: 'owned', data: { name: 'mine', more: 1 }, id: 1 }, PNG.subarray(0, 4))),
    ).toMatchObject(refused('VALIDATION_FAILED'));
    expect(await answer(binaryMessage({ event: 'once', id: 1 }, PNG.subarray(0, 4)))).toMatchObject({ data: 4 });
    expect(await answer(binaryMessage({ event: 'once', id: 1 }, PNG.subarray(0, 4)))).toMatchObject(
      refused('THROTTLED'),
    );
  });

  it.each<readonly [what: string, bytes: () => Buffer]>([
    [
      'a binary one beyond the largest handler',
      () => clientFrame(Buffer.alloc(MOST + 2003), { opcode: OPCODES.binary }),
    ],
    ['a text one beyond its own, smaller limit', () => clientFrame('x'.repeat(2001))],
    [
      'one that grows by fragments',
      () =>
        Buffer.concat([
          clientFrame('x'.repeat(1500), { fin: false }),
          clientFrame('x'.repeat(1500), { opcode: OPCODES.continuation, fin: false }),
        ]),
    ],
    [
      'one that only says that it is',
      () => clientFrame('', { claimedLength: 5_000_000, length: 'eight-bytes', opcode: OPCODES.binary }),
    ],
  ])('DR-05 MV-11 of a message that is too large nothing is kept: %s closes 1009', async (_, bytes) => {
    const tcp = await openRaw(app(), '/files');
    tcp.write(bytes());
    expect(closeCodeOf(await tcp.nextFrame())).toBe(1009);
    await tcp.ended();
    expect(app().events.ofType('ws.message.refused').at(-1)).toMatchObject({ reason: 'message-size' });
  });

  it('DR-08 are counted by their size', async () => {
    @SecureGateway({ limits: { connectionBytesPerSecond: 1000 } })
    @WebSocketGateway({ path: '/slow' })
    @WsAuthorize()
    class SlowGateway {
      @WsBinary({ maxBytes: 900 })
      @SubscribeMessage('up')
      up(@WsBytes() bytes: Buffer): number {
        return bytes.length;
      }
    }
    const slow = await startApp({ providers: [SlowGateway] });
    const client = await connect(`${slow.url}/slow`, { token: slow.token() });
    client.sendRaw(binaryMessage({ event: 'up', id: 1 }, Buffer.alloc(800)));
    client.sendRaw(binaryMessage({ event: 'up', id: 2 }, Buffer.alloc(800)));
    // The second is refused as it arrives, while the first is with its handler.
    const answers = [await client.next(), await client.next()];
    expect(answers).toContainEqual(expect.objectContaining({ data: 800, id: 1 }));
    expect(answers.find(({ event }) => event === 'error')).toMatchObject(refused('THROTTLED'));
  });
});

describe.each(['msgpack.v1', 'cbor.v1'] as const)('a connection that speaks %s', (protocol) => {
  const app = sharedApp({ providers: PROVIDERS });
  const { encode } = CODECS[protocol];
  const open = async (running: RunningApp = app()) => {
    const client = await connect(`${running.url}/files`, { token: running.token(), protocols: ['json.v1', protocol] });
    expect(client.protocol).toBe(protocol);
    const messages = decodedMessages(client.socket, protocol);
    const ask = (message: unknown): Promise<unknown> => {
      client.sendRaw(encode(message));
      return messages.take(() => true, 'an answer');
    };
    return { client, messages, ask };
  };

  it('MV-19 is answered in it: replies, streams, refusals, and what the server says by itself', async () => {
    const { ask, messages } = await open();
    expect(await ask({ event: 'echo', data: { text: 'ü' }, id: 1 })).toEqual({
      event: 'echo',
      data: { text: 'ü' },
      id: 1,
    });
    expect(await ask({ event: 'echo', data: { text: 7 }, id: 'a' })).toMatchObject({
      ...refused('VALIDATION_FAILED'),
      id: 'a',
    });
    expect(await ask({ event: 'nothing', id: 2 })).toMatchObject(refused('FORBIDDEN'));
    expect(await ask({ event: 'count', id: 3 })).toEqual({ event: 'count', data: 1, id: 3 });
    expect(await messages.take(() => true, 'the second')).toEqual({ event: 'count', data: 2, id: 3 });
    expect(await messages.take(() => true, 'the end')).toEqual({ event: 'count', end: true, id: 3 });
    expect(await ask({ event: '$auth', data: { token: 'bad' }, id: 4 })).toMatchObject({
      ...refused('FORBIDDEN'),
      id: 4,
    });
    expect(await ask({ event: 'deep', id: 5 })).toMatchObject({ event: 'deep', id: 5 });
  });

  it('MV-11 MV-18 carries bytes in its envelope, under the same rules', async () => {
    const { ask } = await open();
    const send = (event: string, bytes: Uint8Array, data?: object) =>
      ask({ event, ...(data === undefined ? {} : { data }), bytes: new Uint8Array(bytes), id: 1 });
    expect(await send('image.set', PNG, { name: 'a' })).toMatchObject({ data: { size: PNG.length } });
    const kept = app().app.get(FilesGateway).kept.at(-1);
    expect(kept?.equals(PNG) === true && kept.buffer.byteLength).toBe(PNG.length);
    expect(await send('$auth', PNG, { token: app().token() })).toMatchObject({
      data: { code: 'VALIDATION_FAILED', issues: [{ rule: 'noBytes' }] },
    });
    for (const [event, bytes, rule] of [
      ['small', Buffer.alloc(11), 'maxBytes'],
      ['small', Buffer.alloc(0), 'bytes'],
      ['image.set', Buffer.from('GIF89a'), 'magic'],
      ['echo', PNG, 'noBytes'],
    ] as const) {
      expect(await send(event, bytes, { name: 'a' })).toMatchObject(
        refused('VALIDATION_FAILED', { issues: [{ path: '', rule }] }),
      );
    }
    expect(await ask({ event: 'echo', data: { text: new Uint8Array(3) }, id: 1 })).toMatchObject(
      refused('BAD_MESSAGE'),
    );
    expect(await ask({ event: 'small', bytes: 'text', id: 1 })).toMatchObject(refused('BAD_MESSAGE'));
  });

  it('MV-04 MV-05 MV-06 is under the limits of JSON', async () => {
    const { ask } = await open();
    const deep = JSON.parse(`${'['.repeat(25)}${']'.repeat(25)}`) as unknown;
    for (const [data, reason] of [
      [deep, 'json-depth'],
      [Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`k${i}`, i])), 'json-keys'],
      [Array.from({ length: 1001 }, () => 0), 'json-nodes'],
      [{ constructor: 1 }, 'json-forbidden-key'],
      ['x'.repeat(2100), 'message-size'],
    ] as const) {
      const running = app();
      const answer = await ask({ event: 'echo', data });
      expect(answer).toMatchObject(refused('BAD_MESSAGE'));
      if (reason !== 'message-size') {
        expect(running.events.ofType('ws.message.refused').at(-1)).toMatchObject({ reason });
      }
    }
  });

  it('MV-19 closes 1003 at the first byte of a text frame, and nothing behind it is handled', async () => {
    const running = app();
    const { client } = await open();
    client.sendRaw(JSON.stringify({ event: 'echo', data: { text: 'x' }, id: 1 }));
    client.sendRaw(encode({ event: 'echo', data: { text: 'x' }, id: 2 }));
    await client.expectClose(1003);
    expect(client.unread).toEqual([]);
    expect(running.events.ofType('ws.message.refused').at(-1)).toMatchObject({ reason: 'text-frame' });
  });

  it('MV-19 AN-01 speaks it from its first message on', async () => {
    @SecureGateway({ firstMessage: true, subprotocols: [protocol] })
    @WebSocketGateway({ path: '/files' })
    @WsAuthorize()
    class LateGateway {
      @SubscribeMessage('echo')
      echo(@MessageBody() { text }: Text): object {
        return { text };
      }
    }
    const late = await startApp({ providers: [LateGateway] });
    const client = await connect(`${late.url}/files`, { protocols: [protocol] });
    const messages = decodedMessages(client.socket, protocol);
    client.sendRaw(encode({ event: '$auth', data: { token: late.token() }, id: 1 }));
    expect(await messages.take(() => true, 'the answer')).toMatchObject({ event: '$auth', id: 1 });
    client.sendRaw(encode({ event: 'echo', data: { text: 'x' }, id: 2 }));
    expect(await messages.take(() => true, 'the answer')).toEqual({ event: 'echo', data: { text: 'x' }, id: 2 });
    const wrong = await connect(`${late.url}/files`, { protocols: [protocol] });
    wrong.send('$auth', { token: late.token() });
    await wrong.expectClose(1008);
    // No handler here takes bytes.
    client.sendRaw(encode({ event: 'echo', data: { text: 'x' }, bytes: new Uint8Array(3) }));
    expect(await messages.take(() => true, 'the answer')).toMatchObject(refused('BAD_MESSAGE'));
  });
});

describe('a decorator of bytes that could not hold', () => {
  const problemsOf = async (type: new () => object, options = {}) =>
    (await bootProblems({ providers: [type], options })).map(({ problem }) => problem).join('\n');

  it('MV-11 stops the boot where the parameter is declared as what is no Buffer', async () => {
    @WebSocketGateway({ path: '/a' })
    @WsAuthorize()
    class Typed {
      @WsBinary({ maxBytes: 10 })
      @SubscribeMessage('a')
      a(@WsBytes() _bytes: string): void {}

      @WsBinary({ maxBytes: 10 })
      @SubscribeMessage('b')
      b(@WsBytes() _bytes: ArrayBuffer): void {}

      @WsBinary({ maxBytes: 10 })
      @SubscribeMessage('c')
      c(@WsBytes() _bytes: Uint8Array): void {}

      @WsBinary({ maxBytes: 10 })
      @SubscribeMessage('d')
      d(@WsBytes() _bytes: unknown): void {}
    }
    expect(await problemsOf(Typed)).toBe(
      'has a @WsBytes() of type String, and gets a Buffer.\nhas a @WsBytes() of type ArrayBuffer, and gets a Buffer.',
    );
  });

  it('MV-11 stops the boot without a parameter, and a parameter without it', async () => {
    @WebSocketGateway({ path: '/a' })
    @WsAuthorize()
    class Half {
      @WsBinary({ maxBytes: 10 })
      @SubscribeMessage('a')
      a(): void {}

      @SubscribeMessage('b')
      b(@WsBytes() _bytes: Buffer): void {}
    }
    const problems = await problemsOf(Half);
    expect(problems).toContain('no parameter gets the bytes');
    expect(problems).toContain('takes no bytes');
    expect(await problemsOf(Half, { adapter: false })).toContain('is not there with `adapter: false`');
  });

  it.each<readonly [options: unknown, problem: string]>([
    [{}, 'is not set'],
    [{ maxBytes: 0 }, 'whole number'],
    [{ maxBytes: Infinity }, 'whole number'],
    [{ maxBytes: 65 * 1024 * 1024 }, 'at most'],
    [{ maxBytes: 131_073 }, 'no message of that size ever passes'],
    [{ maxBytes: 10, magic: [] }, 'must be a list'],
    [{ maxBytes: 10, magic: 'png' }, 'must be a list'],
    [{ maxBytes: 10, magic: ['exe'] }, 'must be a list'],
    [{ maxBytes: 10, magic: ['png', 'constructor'] }, 'must be a list'],
    [{ maxBytes: 10, magic: [{ hex: 'xyz' }] }, 'must be a list'],
    [{ maxBytes: 10, magic: [{ hex: '00', offset: -1 }] }, 'must be a list'],
    [{ maxBytes: 10, magic: [[]] }, 'must be a list'],
    [{ maxBytes: 10, types: ['png'] }, 'is not an option'],
    [undefined, 'is not set'],
    [7, 'must be an object'],
  ])('MV-11 stops the boot: @WsBinary(%j)', async (options, problem) => {
    @WebSocketGateway({ path: '/a' })
    @WsAuthorize()
    class Bad {
      @WsBinary(options as never)
      @SubscribeMessage('a')
      a(@WsBytes() bytes: Buffer): number {
        return bytes.length;
      }
    }
    expect(await problemsOf(Bad)).toContain(problem);
  });

  it('MV-11 binary frames stay refused where no handler takes bytes', async () => {
    @WebSocketGateway({ path: '/plain' })
    @WsAuthorize()
    class PlainGateway {
      @SubscribeMessage('echo')
      echo(@MessageBody() { text }: Text): object {
        return { text };
      }
    }
    const app = await startApp({ providers: [PlainGateway, ...PROVIDERS] });
    const client = await connect(`${app.url}/plain`, { token: app.token() });
    client.sendRaw(binaryMessage({ event: 'echo', data: { text: 'x' } }, PNG));
    expect(await client.expectClose(1003)).toMatchObject({ reason: 'unsupported-data' });
  });
});
