import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type ConnectOptions, type ReceivedMessage, type WsTestClient } from '@secure-ws/nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientFrame } from '../support/frame-writer.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { testToken } from '../support/test-token.js';
import { COMBINATIONS } from './combinations.js';
import { FixtureProcess } from './fixture-process.js';
import { folderOf } from './fixtures.js';

const EVIL = 'https://evil.example';
const ORDER = { title: 'tea', cents: 3 };

function codeOf({ event, data }: ReceivedMessage): unknown {
  return event === 'error' ? (data as { code: unknown }).code : `no refusal but "${event}"`;
}

describe.each(COMBINATIONS)('%s over %s', (fixture, platform) => {
  let process: FixtureProcess;
  let port: number;
  let ownPort: number;

  beforeAll(async () => {
    process = new FixtureProcess({ fixture, platform });
    ({ port, ownPort } = await process.listening());
  });

  afterAll(() => process[Symbol.asyncDispose]());

  const open = (path: string, options: ConnectOptions = {}): Promise<WsTestClient> =>
    connect(`ws://127.0.0.1:${path === '/own' ? ownPort : port}`, { as: testToken(), ...options, path });

  /** Whether the process still serves: the end of every test that throws something at it. */
  const expectAlive = async (): Promise<void> => {
    await using client = await open('/orders');
    expect(await client.request('order.place', ORDER)).toMatchObject({ data: { cents: 300 } });
    expect(process.isAlive).toBe(true);
  };

  const journalOf = async (client: WsTestClient): Promise<string[]> => {
    const { data } = await client.request('order.journal');
    return (data as { steps: string[] }).steps;
  };

  it('DP-05 runs on the Nest that it says, and on its own ws', async () => {
    const versionOf = async (name: string): Promise<string> => {
      const path = join(folderOf(fixture), 'node_modules', name, 'package.json');
      return (JSON.parse(await readFile(path, 'utf8')) as { version: string }).version;
    };
    const major = fixture === 'nest11-cjs' ? /^11\./ : /^12\./;
    expect(await versionOf('@nestjs/core')).toMatch(major);
    expect(await versionOf('@nestjs/websockets')).toMatch(major);
    expect(process.output).not.toMatch(/older than 8\.2/);
  });

  it.each(['/orders', '/lobby', '/own'])('AZ-03 DP-04 refuses strangers on %s before the upgrade', async (path) => {
    const refused = async (options: ConnectOptions) => {
      const status: unknown = await open(path, options).then(
        () => 'open',
        (error: { status: number }) => error.status,
      );
      return status;
    };
    expect(await refused({ origin: EVIL })).toBe(403);
    expect(await refused({ origin: 'null' })).toBe(403);
    expect(await refused({ as: '' })).toBe(401);
    expect(await refused({ as: `${testToken()}x` })).toBe(401);
    expect(await refused({ as: testToken({ expiresInSeconds: -600 }) })).toBe(401);
  });

  it('DP-04 leaves the listener of another path alone, and no path without an answer', async () => {
    const statusOf = async (target: string): Promise<number> => {
      const tcp = await RawTcp.open({ port, isTls: false });
      tcp.write(requestHead({ target, fields: handshakeFields(`127.0.0.1:${port}`) }));
      return (await tcp.readResponse()).status;
    };
    expect(await statusOf('/foreign')).toBe(418);
    expect(await statusOf('/elsewhere')).toBe(404);
  });

  it('AZ-03 DP-05 holds early messages until the identity and handleConnection are there', async () => {
    await using reader = await open('/orders');
    await journalOf(reader);
    const early = clientFrame(JSON.stringify({ event: 'order.place', data: ORDER, id: 1 }));
    const host = `127.0.0.1:${port}`;

    const evil = await RawTcp.open({ port, isTls: false });
    evil.write(Buffer.concat([requestHead({ target: '/orders', fields: handshakeFields(host) }), early]));
    expect((await evil.readResponse()).status).toBe(401);
    expect(await journalOf(reader)).toEqual(['guard order.journal', 'interceptor']);

    const fields = [...handshakeFields(host), ['Authorization', `Bearer ${testToken()}`] as const];
    const good = await RawTcp.open({ port, isTls: false });
    good.write(Buffer.concat([requestHead({ target: '/orders', fields }), early]));
    expect((await good.readHead()).status).toBe(101);
    expect(JSON.parse((await good.nextFrame()).payload.toString())).toMatchObject({ id: 1, data: { cents: 300 } });
    expect((await journalOf(reader)).slice(0, 4)).toEqual(['connected', 'guard order.place', 'interceptor', 'handler']);
  });

  it("DP-05 runs the class's own guards, interceptors, pipes and filters, once each", async () => {
    await using client = await open('/orders');
    await journalOf(client);
    const reply = await client.request('order.place', ORDER);
    // 300: transformed once, although two ValidationPipes with `transform` stand on the way.
    expect(reply).toEqual({
      event: 'order.place',
      id: expect.any(Number) as number,
      data: { cents: 300, isInstance: true, by: 'alice', marked: true },
    });
    expect(await journalOf(client)).toEqual([
      'guard order.place',
      'interceptor',
      'handler',
      'guard order.journal',
      'interceptor',
    ]);
    expect(codeOf(await client.request('order.guarded'))).toBe('FORBIDDEN');
    client.send('order.teapot');
    expect(await client.next()).toEqual({ event: 'teapot' });
  });

  it.each([
    ['/orders', 'OrdersGateway'],
    ['/own', 'OwnPortGateway'],
  ])('AZ-03 covers the inherited handlers of %s', async (path, by) => {
    await using user = await open(path);
    expect(codeOf(await user.request('inherited.admin'))).toBe('FORBIDDEN');
    expect(codeOf(await user.request('no.such.event'))).toBe('FORBIDDEN');
    await using admin = await open(path, { as: testToken({ roles: ['admin'] }) });
    expect(await admin.request('inherited.admin')).toMatchObject({ data: { by } });
  });

  it.each([
    [{ title: 'tea' }],
    [{ ...ORDER, title: '' }],
    [{ ...ORDER, cents: 'x' }],
    [{ ...ORDER, isAdmin: true }],
    [undefined],
    [[ORDER]],
  ])('DP-05 refuses the payload %j', async (data) => {
    await using client = await open('/orders');
    expect(codeOf(await client.request('order.place', data))).toBe('VALIDATION_FAILED');
  });

  it('DP-05 refuses what is no message', async () => {
    await using client = await open('/orders');
    for (const frame of ['{', '[]', '{"event":"order.place","data":{"__proto__":{}}}', '{"event":1}']) {
      client.sendRaw(frame);
      expect(codeOf(await client.next())).toBe('BAD_MESSAGE');
    }
  });

  it('DP-05 survives a handler that throws, and says nothing of the error', async () => {
    await using client = await open('/orders');
    const reply = await client.request('order.crash');
    expect(codeOf(reply)).toBe('INTERNAL');
    expect(JSON.stringify(reply)).not.toContain('database');
    await expectAlive();
  });

  it('DP-05 survives hooks that throw', async () => {
    await using client = await open('/lobby');
    await client.expectClose(1011);
    await expectAlive();
  });

  it('DP-05 survives broken and oversized frames', async () => {
    await using large = await open('/orders');
    large.sendRaw(JSON.stringify({ event: 'order.place', data: { title: 'x'.repeat(70_000) } }));
    await large.expectClose(1009);
    await using binary = await open('/orders');
    binary.sendRaw(Buffer.from('{}'));
    await binary.expectClose(1003);
    await expectAlive();
  });
});

describe.each(COMBINATIONS)('the end of %s over %s', (fixture, platform) => {
  it('DP-05 lets running handlers finish, tells the clients when to come back, and ends the process', async () => {
    await using process = new FixtureProcess({ fixture, platform });
    const { port } = await process.listening();
    await using client = await connect(`ws://127.0.0.1:${port}`, { as: testToken(), path: '/orders' });
    await using idle = await connect(`ws://127.0.0.1:${port}`, { as: testToken(), path: '/orders' });
    const reply = client.request('order.slow');
    await client.next('slow.started');
    process.kill('SIGTERM');
    // isOpen: what the modules own was still there, on both majors.
    expect(await reply).toMatchObject({ event: 'order.slow', data: { isOpen: true } });
    for (const { reason } of [await client.expectClose(1012), await idle.expectClose(1012)]) {
      expect(reason).toMatch(/^restart;retryAfterMs=\d+$/);
    }
    // Nest ends a process that handles a signal with that signal.
    expect(await process.ended()).toEqual({ code: null, signal: 'SIGTERM' });
  });
});
