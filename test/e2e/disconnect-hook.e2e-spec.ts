import type { IncomingMessage } from 'node:http';
import { WebSocketGateway } from '@nestjs/websockets';
import { type WsClose, type WsConnection, WsAuthorize, WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { WebSocket } from 'ws';
// The seam at which what runs for a connection is disposed of.
import { ConnectionPipeline } from '../../packages/nestjs/src/messages/connection-pipeline.js';
import { watchForCrashes } from '../support/crash-watch.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { until } from '../support/patience.js';
import { type Client, connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

@WebSocketGateway({ path: '/room' })
@WsAuthorize()
class RoomGateway {
  readonly entered: WsConnection[] = [];
  readonly leftConnections: WsConnection[] = [];
  readonly left: { readonly who: string; readonly code: number; readonly close: WsClose }[] = [];

  handleConnection(_client: WebSocket, _request: IncomingMessage, connection: WsConnection): void {
    this.entered.push(connection);
  }

  handleDisconnect(_client: WebSocket, code: number, connection: WsConnection, close: WsClose): void {
    this.leftConnections.push(connection);
    this.left.push({ who: connection.principal.id, code, close });
  }
}

describe('handleDisconnect', () => {
  it.each<
    readonly [what: string, end: (client: Client, lifecycle: WsConnectionLifecycleService) => void, close: WsClose]
  >([
    [
      'the server',
      (_, lifecycle) => void lifecycle.disconnect({ path: '/room' }, 'REVOKED'),
      { name: 'REVOKED', code: 4504, initiator: 'server' },
    ],
    [
      'the client',
      ({ socket }) => {
        socket.close(1001);
      },
      { name: 'GOING_AWAY', code: 1001, initiator: 'client' },
    ],
    [
      'the network',
      ({ socket }) => {
        socket.terminate();
      },
      { name: undefined, code: 1006, initiator: 'network' },
    ],
  ])('F40 is told whose connection ended, and that it was by %s', async (_, end, close) => {
    const app = await startApp({ providers: [RoomGateway] });
    const client = await connect(`${app.url}/room`, { token: app.token() });
    end(client, app.app.get(WsConnectionLifecycleService));
    const { left } = app.app.get(RoomGateway);
    await until(() => left.length > 0, 'the gateway is told');
    expect(left).toEqual([{ who: 'alice', code: close.code, close }]);
  });

  it('F40 is given the very connection that handleConnection was given', async () => {
    const app = await startApp({ providers: [RoomGateway] });
    const client = await connect(`${app.url}/room`, { token: app.token() });
    client.socket.close(1000);
    const { entered, leftConnections } = app.app.get(RoomGateway);
    await until(() => leftConnections.length > 0, 'the gateway is told');
    expect(entered).toHaveLength(1);
    expect(leftConnections[0]).toBe(entered[0]);
  });

  it.each<readonly [how: string, fail: () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('teardown');
      },
    ],
    ['rejects', () => Promise.reject(new Error('teardown'))],
  ])('DR-14 F17 is called though what is disposed of %s, and the process goes on', async (_, fail) => {
    const dispose = vi.spyOn(ConnectionPipeline.prototype, 'dispose').mockImplementation(fail);
    onTestFinished(() => {
      dispose.mockRestore();
    });
    const crashes = watchForCrashes();
    const app = await startApp({ providers: [RoomGateway, EchoGateway] });
    const lifecycle = app.app.get(WsConnectionLifecycleService);
    const client = await connect(`${app.url}/room`, { token: app.token() });
    client.socket.terminate();
    await app.events.seen('ws.connection.closed');
    expect(app.app.get(RoomGateway).left).toHaveLength(1);
    expect(lifecycle.count).toBe(0);
    const other = await connect(`${app.url}/echo`, { token: app.token() });
    expect(await other.request('echo', { text: 'here' })).toMatchObject({ event: 'echo' });
    expect(crashes).toEqual([]);
    expect(app.log.lines.join('\n')).toContain('teardown');
  });

  it('HS-12 F17 is not needed to end a socket whose connection could not be made', async () => {
    const app = await startApp({ providers: [EchoGateway], options: { handshake: { limits: { maxOpen: 1 } } } });
    const register = vi.spyOn(app.app.get(WsConnectionLifecycleService), 'register').mockImplementationOnce(() => {
      throw new Error('no room');
    });
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    await client.expectClose(1006);
    expect(register).toHaveBeenCalledOnce();
    // Its place is free again.
    const next = await connect(`${app.url}/echo`, { token: app.token() });
    expect(await next.request('echo', { text: 'here' })).toMatchObject({ event: 'echo' });
  });
});
