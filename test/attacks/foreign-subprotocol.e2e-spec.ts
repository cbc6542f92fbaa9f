import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureGateway, WsAuthorize, WsConnection, WsPublic, WsSubprotocol } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway, Text } from '../support/echo.gateway.js';
import { connect } from '../support/queueing-client.js';
import { sharedApp, startApp } from '../support/start-app.js';

const CHAT = { subprotocols: ['chat.v2', 'chat.v1', { name: 'chat.v2+events', moduleEvents: true }] };

@WebSocketGateway({ path: '/chat' })
@SecureGateway(CHAT)
@WsAuthorize()
class ChatGateway {
  @SubscribeMessage('both')
  both(@MessageBody() { text }: Text): string {
    return text;
  }

  @WsSubprotocol('chat.v1', 'json.v1')
  @SubscribeMessage('send')
  sendFirst(@MessageBody() { text }: Text): string {
    return `first: ${text}`;
  }

  @WsSubprotocol('chat.v2')
  @SubscribeMessage('send')
  sendSecond(@MessageBody() { text }: Text): string {
    return `second: ${text}`;
  }

  @WsSubprotocol('chat.v2')
  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('purge')
  purge(): string {
    return 'purged';
  }

  @SubscribeMessage('tamper')
  tamper(@WsConnection() connection: WsConnection): string | undefined {
    try {
      Object.assign(connection, { subprotocol: 'chat.v2', wire: { hasModuleEvents: true } });
    } catch {
      // A getter: nothing to assign to.
    }
    return connection.subprotocol;
  }
}

/** Beside the first on its path: everything in it is of one subprotocol. */
@WebSocketGateway({ path: '/chat' })
@WsAuthorize()
@WsSubprotocol('chat.v2')
class ModerationGateway {
  @SubscribeMessage('mute')
  mute(): string {
    return 'muted';
  }

  // A third version of an event of the other gateway, in a subprotocol that neither has.
  @SubscribeMessage('report')
  report(): string {
    return 'reported';
  }
}

/** A method of it is in fewer than the rest. */
@WebSocketGateway({ path: '/chat' })
@WsAuthorize()
@WsSubprotocol('chat.v1', 'chat.v2')
class WarningsGateway {
  @SubscribeMessage('warn')
  warn(): string {
    return 'warned';
  }

  @WsSubprotocol('chat.v2')
  @SubscribeMessage('warn.all')
  warnAll(): string {
    return 'warned all';
  }
}

const answerOf = (value: unknown): unknown => expect.objectContaining({ data: value });
const REFUSED = { event: 'error', data: { code: 'FORBIDDEN', message: 'This is not allowed.' } };

describe('a handler of another subprotocol', () => {
  const app = sharedApp({ providers: [ChatGateway, ModerationGateway, WarningsGateway] });
  const open = (...protocols: string[]) => connect(`${app().url}/chat`, { token: app().token(), protocols });

  it.each<readonly [offered: string[], chosen: string]>([
    [[], ''],
    [['json.v1'], 'json.v1'],
    [['secure-ws.v1', 'chat.v1', 'chat.v2'], 'chat.v2'],
    [['json.v1', 'chat.v1'], 'chat.v1'],
    [['evil', 'chat.v2+events'], 'chat.v2+events'],
  ])('HS-10 is chosen by the gateway, in its order: %j', async (offered, chosen) => {
    expect((await open(...offered)).protocol).toBe(chosen);
  });

  it.each<readonly [protocols: string[], answer: string]>([
    [[], 'first: x'],
    [['json.v1'], 'first: x'],
    [['chat.v1'], 'first: x'],
    [['chat.v2'], 'second: x'],
  ])('MV-19 does not run in place of the one of %j', async (protocols, answer) => {
    const client = await open(...protocols);
    expect(await client.request('send', { text: 'x' })).toEqual(answerOf(answer));
    expect(await client.request('both', { text: 'y' })).toEqual(answerOf('y'));
  });

  it.each<readonly [protocols: string[], event: string]>([
    [['secure-ws.v1'], 'send'],
    [['chat.v2+events'], 'send'],
    [[], 'mute'],
    [['chat.v1'], 'mute'],
    [['chat.v1'], 'purge'],
    [['chat.v1'], 'warn.all'],
  ])('AZ-12 MV-19 is answered to %j like an event that there is not: %s', async (protocols, event) => {
    const running = app();
    const client = await open(...protocols);
    const [refused, unknown] = [await client.request(event, { text: 'x' }), await client.request('nothing', {})];
    const stripped = ({ data, ...rest }: typeof refused) => ({ ...rest, data: { ...(data as object) } });
    for (const answer of [refused, unknown]) expect(answer).toMatchObject(REFUSED);
    expect(Object.keys(stripped(refused).data)).toEqual(Object.keys(stripped(unknown).data));
    const audited = running.events.ofType('ws.message.refused').slice(-2);
    expect(audited.map(({ reason }) => reason)).toEqual(['unknown-event', 'unknown-event']);
  });

  it('MV-19 is in fewer subprotocols than its class where its method says so', async () => {
    const [first, second] = [await open('chat.v1'), await open('chat.v2')];
    for (const client of [first, second]) expect(await client.request('warn')).toEqual(answerOf('warned'));
    expect(await second.request('warn.all')).toEqual(answerOf('warned all'));
    expect(await first.request('warn.all')).toMatchObject(REFUSED);
  });

  it('AZ-12 is not told from one that its principal may not call', async () => {
    const forbidden = await (await open('chat.v2')).request('purge');
    const absent = await (await open('chat.v1')).request('purge');
    const shape = (answer: typeof absent) => [answer.event, { ...(answer.data as object), correlationId: '' }];
    expect(shape(absent)).toEqual(shape(forbidden));
  });

  it('MV-19 is reached on no connection by what a handler assigns', async () => {
    const client = await open('chat.v1');
    expect(await client.request('tamper')).toEqual(answerOf('chat.v1'));
    expect(await client.request('mute')).toMatchObject(REFUSED);
    client.send('$cancel', undefined, 1);
    await client.expectClose(1008);
  });
});

describe('an event of the module, where it was not negotiated', () => {
  const app = sharedApp({ providers: [ChatGateway] });
  const open = (...protocols: string[]) => connect(`${app().url}/chat`, { token: app().token(), protocols });

  it.each([[[]], [['json.v1']], [['chat.v2']]])('MV-19 closes 1008, and is on record: %j', async (protocols) => {
    for (const event of ['$auth', '$cancel', '$refresh', '$anything']) {
      const client = await open(...protocols);
      client.send(event, { token: app().token() }, 1);
      client.send('both', { text: 'behind it' }, 2);
      await client.expectClose(1008);
      expect(client.unread).toEqual([]);
      expect(app().events.ofType('ws.message.refused').at(-1)).toMatchObject({ reason: 'foreign-event' });
    }
  });

  it.each(['secure-ws.v1', 'chat.v2+events'])('MV-19 is one that %s speaks', async (protocol) => {
    const client = await open(protocol);
    expect(await client.request('$auth', { token: 'bad' })).toMatchObject({
      event: 'error',
      data: { code: 'FORBIDDEN' },
    });
    client.send('$cancel', undefined, 1);
    // Unknown among those of the module: as any event that there is not.
    expect(await client.request('$anything')).toMatchObject(REFUSED);
    expect(await client.request('both', { text: 'still' })).toEqual(answerOf('still'));
  });
});

describe('a client that sends its credential as its first message', () => {
  it('MV-19 AN-01 reaches what its subprotocol has, and no module event after it', async () => {
    @WebSocketGateway({ path: '/late' })
    @SecureGateway({ firstMessage: true, subprotocols: ['chat.v2'] })
    @WsAuthorize()
    class LateGateway {
      @WsSubprotocol('chat.v2')
      @SubscribeMessage('v2')
      second(): string {
        return 'yes';
      }
    }
    const app = await startApp({ providers: [LateGateway] });
    for (const [protocols, expected] of [
      [['chat.v2'], { data: 'yes' }],
      [['json.v1'], REFUSED],
      [[], REFUSED],
    ] as const) {
      const client = await connect(`${app.url}/late`, { protocols });
      expect(await client.request('$auth', { token: app.token() })).toMatchObject({ event: '$auth' });
      expect(await client.request('v2')).toMatchObject(expected);
      client.send('$auth', { token: app.token() });
      await client.expectClose(1008);
    }
  });
});

describe('a decorator that no connection could meet', () => {
  const booting = async (...providers: (new () => object)[]) =>
    (await bootProblems({ providers })).map(({ where, problem }) => `${where}: ${problem}`);

  it('MV-19 stops the boot where the gateway does not offer the subprotocol', async () => {
    @WebSocketGateway({ path: '/a' })
    @WsAuthorize()
    @WsSubprotocol('chat.v9')
    class Whole {
      @SubscribeMessage('a')
      a(): void {}
    }
    @WebSocketGateway({ path: '/b' })
    @WsAuthorize()
    class Method {
      @WsSubprotocol('bearer.x')
      @SubscribeMessage('a')
      a(): void {}
    }
    @WebSocketGateway({ path: '/c' })
    @WsAuthorize()
    class Listed {
      @WsSubprotocol(['json.v1'] as never)
      @SubscribeMessage('a')
      a(): void {}
    }
    expect(await booting(Listed)).toEqual([expect.stringContaining('whose name is no text')]);
    expect(await booting(Whole)).toEqual([expect.stringContaining("'chat.v9' that /a does not offer")]);
    expect(await booting(Method)).toEqual([expect.stringContaining("'bearer.x' that /b does not offer")]);
  });

  it('MV-19 stops the boot where a method goes beyond its class', async () => {
    @WebSocketGateway({ path: '/a' })
    @SecureGateway({ subprotocols: ['chat.v1', 'chat.v2'] })
    @WsAuthorize()
    @WsSubprotocol('chat.v1')
    class Beyond {
      @WsSubprotocol('chat.v2')
      @SubscribeMessage('a')
      a(): void {}
    }
    expect(await booting(Beyond)).toEqual([expect.stringContaining('that its class does not')]);
  });

  it('MV-19 stops the boot where two handlers of one event meet in a subprotocol', async () => {
    @WebSocketGateway({ path: '/a' })
    @SecureGateway({ subprotocols: ['chat.v1', 'chat.v2'] })
    @WsAuthorize()
    class Twice {
      @WsSubprotocol('chat.v1', 'chat.v2')
      @SubscribeMessage('a')
      a(): void {}

      @WsSubprotocol('chat.v2')
      @SubscribeMessage('a')
      b(): void {}
    }
    @WebSocketGateway({ path: '/b' })
    @WsAuthorize()
    class Open {
      @SubscribeMessage('a')
      a(): void {}

      @WsSubprotocol('json.v1')
      @SubscribeMessage('a')
      b(): void {}
    }
    expect(await booting(Twice)).toEqual([expect.stringContaining('one message would run twice')]);
    expect(await booting(Open)).toEqual([expect.stringContaining('one message would run twice')]);
  });

  it('MV-19 stops the boot on a method that handles nothing', async () => {
    @WebSocketGateway({ path: '/a' })
    @WsAuthorize()
    class Nothing {
      @WsSubprotocol('json.v1')
      a(): void {}
    }
    expect(await booting(Nothing)).toEqual([expect.stringContaining('@WsSubprotocol()')]);
  });

  it('MV-19 stops the boot on another adapter, where nothing is negotiated', async () => {
    @WebSocketGateway({ path: '/a' })
    @WsAuthorize()
    class Foreign {
      @WsSubprotocol('json.v1')
      @SubscribeMessage('a')
      a(): void {}
    }
    @WebSocketGateway({ path: '/b' })
    @WsAuthorize()
    @WsSubprotocol('json.v1')
    class ForeignClass {
      @SubscribeMessage('b')
      b(): void {}
    }
    const problems = await bootProblems({ providers: [Foreign, ForeignClass], options: { adapter: false } });
    const told = problems.filter(({ problem }) => problem.includes('@WsSubprotocol'));
    expect(told.map(({ where }) => where)).toEqual(['Foreign.a', 'ForeignClass.b']);
  });

  it.each<readonly [subprotocols: unknown, problem: string]>([
    ['chat.v2', 'must be a list'],
    [Array.from({ length: 9 }, (_, index) => `p${index}`), 'at most 8'],
    [['chat v2'], 'not an HTTP token'],
    [[''], 'not an HTTP token'],
    [['x'.repeat(65)], 'not an HTTP token'],
    [['bearer.chat'], 'carries a secret'],
    [['csrf.chat'], 'carries a secret'],
    [['json.v1'], 'is spoken by every gateway'],
    [['secure-ws.v1'], 'is spoken by every gateway'],
    [['chat.v2', 'chat.v2'], 'is there twice'],
    [[7], 'must be a name'],
    [[null], 'must be a name'],
    [[['chat.v2']], 'must be a name'],
    [[{}], 'is not set'],
    [[{ name: 'a', events: true }], 'is not an option'],
    [[{ name: 'a', moduleEvents: 'yes' }], 'must be true or false'],
  ])('HS-10 stops the boot for subprotocols: %j', async (subprotocols, problem) => {
    @WebSocketGateway({ path: '/a' })
    @SecureGateway({ subprotocols } as never)
    @WsAuthorize()
    class Bad extends EchoGateway {}
    expect(await booting(Bad)).toEqual([expect.stringContaining(problem)]);
  });

  it('HS-10 counts for an anonymous visitor as well', async () => {
    @WebSocketGateway({ path: '/open' })
    @SecureGateway({ anonymous: true, subprotocols: ['chat.v2'] })
    class OpenGateway {
      @WsPublic()
      @WsSubprotocol('chat.v2')
      @SubscribeMessage('v2')
      second(): string {
        return 'yes';
      }
    }
    const app = await startApp({ providers: [OpenGateway] });
    const origin = 'http://localhost:4200';
    const inside = await connect(`${app.url}/open`, { origin, protocols: ['chat.v2'] });
    const outside = await connect(`${app.url}/open`, { origin });
    expect(await inside.request('v2')).toEqual(answerOf('yes'));
    expect(await outside.request('v2')).toMatchObject(REFUSED);
  });
});
