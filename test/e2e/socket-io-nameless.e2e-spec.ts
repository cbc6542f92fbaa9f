import { IoAdapter } from '@nestjs/platform-socket.io';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { ask, connect, gone, roomGateway, type SocketIoShape, startSocketIo } from '../support/socket-io-app.js';
import type { AppShape } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';
import { SecureWsModule, WsRevocationService } from '../../packages/nestjs/src/index.js';

/** Lets everybody in, and asks nobody. */
const asksNobody: SocketIoShape['middleware'] = () => () => Promise.resolve(undefined);

describe('a socket of Socket.IO that nobody knows', () => {
  it('AN-01 SL-02 is disconnected within ten seconds', async () => {
    const clock = new FakeClock(Date.now());
    const app = await startSocketIo({ clock, middleware: asksNobody });
    const client = await app.open();
    const ended = gone(client);
    clock.advance(9000);
    expect(await ask(client, 'join')).toMatchObject({ data: { code: 'FORBIDDEN' } });
    clock.advance(1500);
    expect(await ended).toBe('io server disconnect');
  });

  it('AN-01 is left alone once it has said who it is', async () => {
    const clock = new FakeClock(Date.now());
    const app = await startSocketIo({ clock, middleware: asksNobody });
    const client = await app.open();
    clock.advance(5000);
    await app.renew(app.running.token());
    clock.advance(60_000);
    expect(await ask(client, 'join')).toBe('joined');
  });

  it('AN-14 SL-02 is disconnected ten seconds after its next token was refused', async () => {
    const clock = new FakeClock(Date.now());
    const app = await startSocketIo({ clock });
    const client = await app.open();
    const ended = gone(client);
    await expect(app.renew('forged')).rejects.toThrow('refused');
    clock.advance(11_000);
    expect(await ended).toBe('io server disconnect');
  });

  it('AN-14 SL-02 N3 gets no more time by sending more tokens that are refused', async () => {
    const clock = new FakeClock(Date.now());
    const app = await startSocketIo({ clock });
    const ended = gone(await app.open());
    await expect(app.renew('forged')).rejects.toThrow('refused');
    clock.advance(7000);
    await expect(app.renew('forged')).rejects.toThrow('refused');
    clock.advance(4000);
    expect(await ended).toBe('io server disconnect');
  });

  it('AN-14 N3 has ten seconds of its own after each identity', async () => {
    const clock = new FakeClock(Date.now());
    const app = await startSocketIo({ clock });
    const client = await app.open();
    for (let round = 0; round < 3; round++) {
      await expect(app.renew('forged')).rejects.toThrow('refused');
      clock.advance(7000);
      await app.renew(app.running.token());
      expect(await ask(client, 'join')).toBe('joined');
    }
  });

  it('SL-04 N3 is ended with the identity that it had, also after a token was refused', async () => {
    const app = await startSocketIo();
    const ended = gone(await app.open());
    const { key } = app.identities.principalOf(app.gateway.sockets[0] as object) ?? { key: '' };
    await expect(app.renew('forged')).rejects.toThrow('refused');
    expect(await app.running.app.get(WsRevocationService).revokePrincipal(key)).toBe(1);
    expect(await ended).toBe('io server disconnect');
  });

  it('SL-02 AN-01 is ended at once where Socket.IO has recovered it past its middleware', async () => {
    const app = await startSocketIo({
      // It stands still: nothing ends because its time is over.
      clock: new FakeClock(Date.now()),
      gateway: { connectionStateRecovery: { skipMiddlewares: false } },
      middleware: asksNobody,
    });
    const client = app.client();
    await connect(client);
    await app.renew(app.running.token());
    expect(await ask(client, 'join')).toBe('joined');
    // The id of what it heard last is what it is recovered by.
    const heard = new Promise((resolve) => client.once('news', resolve));
    app.gateway.server.to('room').emit('news', 'first');
    await heard;
    const lost = gone(client);
    client.io.engine.close();
    await lost;
    await until(() => app.gateway.sockets[0]?.connected === false, 'the server has seen it go');
    client.auth = {};
    const ended = new Promise<string>((resolve) => client.once('disconnect', resolve));
    await connect(client);
    expect(client.recovered).toBe(true);
    expect(await ended).toBe('io server disconnect');
  });
});

class RecoveringAdapter extends IoAdapter {
  override createIOServer(port: number, options?: object): ReturnType<IoAdapter['createIOServer']> {
    return super.createIOServer(port, { ...options, connectionStateRecovery: {} } as never);
  }
}

const shapeOf = (shape: SocketIoShape): AppShape => ({
  secureWs: SecureWsModule.forRoot({ authentication: { jwt: TEST_JWT }, adapter: false }),
  configure: (app) => {
    app.useWebSocketAdapter(new (shape.adapter ?? IoAdapter)(app));
  },
  providers: [roomGateway(shape)],
});

describe('connectionStateRecovery', () => {
  it.each<readonly [where: string, shape: SocketIoShape]>([
    ['RoomsGateway @WebSocketGateway', { gateway: { connectionStateRecovery: {} } }],
    ['RoomsGateway @WebSocketGateway', { gateway: { connectionStateRecovery: { skipMiddlewares: true } } }],
    ['app.useWebSocketAdapter()', { adapter: RecoveringAdapter }],
    ['app.useWebSocketAdapter()', { adapter: RecoveringAdapter, gateway: { namespace: '/rooms' } }],
  ])('AN-01 SL-02 stops the boot where no middleware is asked: %s', async (where, shape) => {
    expect(await bootProblems(shapeOf(shape))).toEqual([
      {
        where,
        problem: expect.stringContaining('lets a client back into its rooms') as string,
        fix: expect.stringContaining('skipMiddlewares: false') as string,
      },
    ]);
  });

  it('AN-01 is warned of where one is asked', async () => {
    const app = await startSocketIo({ gateway: { connectionStateRecovery: { skipMiddlewares: false } } });
    expect(app.running.log.lines.join('\n')).toContain('sends a client that comes back what it has missed');
  });
});
