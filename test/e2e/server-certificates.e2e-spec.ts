import { X509Certificate } from 'node:crypto';
import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { type Deferred, deferred } from '../support/deferred.js';
import { until } from '../support/patience.js';
import { letAnyPortServeFor } from '../support/own-port.js';
import { type Client, connect } from '../support/queueing-client.js';
import { type CertificatePair, loadCertificate } from '../../sample-app/src/certificate/self-signed-certificate.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const PORT = 3998;

class Work {
  readonly running: Deferred<boolean>[] = [];

  @SubscribeMessage('work')
  work(): Promise<boolean> {
    const end = deferred<boolean>();
    this.running.push(end);
    return end.promise;
  }
}

@WebSocketGateway({ path: '/shared' })
@WsAuthorize()
class SharedGateway extends Work {}

@WebSocketGateway(PORT, { path: '/own' })
@WsAuthorize()
class OwnPortGateway extends Work {}

const shownTo = ({ socket }: Client): string | undefined => {
  const { _socket } = socket as unknown as { readonly _socket: TLSSocket };
  return _socket.getPeerX509Certificate()?.fingerprint256;
};

const fingerprintOf = ({ cert }: CertificatePair): string => new X509Certificate(cert).fingerprint256;

describe('a server certificate that is replaced while the application runs', () => {
  async function start() {
    const portOf = letAnyPortServeFor(PORT);
    const [old, renewed] = [await loadCertificate(undefined), await loadCertificate(undefined)];
    const app = await startApp({ providers: [SharedGateway, OwnPortGateway], https: { ...old } });
    const connectTo = (path: 'shared' | 'own'): Promise<Client> => {
      const port = path === 'own' ? portOf() : app.port;
      return connect(`wss://127.0.0.1:${port}/${path}`, { token: app.token() });
    };
    const replace = (): void => (app.app.getHttpServer() as Server).setSecureContext(renewed);
    return { app, connectTo, replace, old: fingerprintOf(old), renewed: fingerprintOf(renewed) };
  }

  it('TR-04 is shown from the next connection on, on the own ports too, and closes nothing by itself', async () => {
    const { connectTo, replace, old, renewed } = await start();
    const before = [await connectTo('shared'), await connectTo('own')];
    expect(before.map(shownTo)).toEqual([old, old]);
    replace();
    const after = [await connectTo('shared'), await connectTo('own')];
    expect(after.map(shownTo)).toEqual([renewed, renewed]);
    for (const { socket } of [...before, ...after]) expect(socket.readyState).toBe(socket.OPEN);
  });

  it('TR-04 ends what connected under the old one where that is asked for, after the handlers that run', async () => {
    const { app, connectTo, replace, old } = await start();
    const before = [await connectTo('shared'), await connectTo('own')];
    replace();
    const after = [await connectTo('shared'), await connectTo('own')];
    const lifecycle = app.app.get(WsConnectionLifecycleService);
    expect(lifecycle.find({ serverCertificate: old })).toHaveLength(2);
    const [busy] = before;
    busy?.send('work', undefined, 1);
    const { running } = app.app.get(SharedGateway);
    await until(() => running.length === 1, 'the handler runs');
    const reconnected = lifecycle.reconnect({ serverCertificate: old });
    expect(await before[1]?.expectClose(4003)).toMatchObject({
      reason: expect.stringMatching(/;retryAfterMs=\d+$/) as string,
    });
    running[0]?.resolve(true);
    expect(await busy?.next()).toMatchObject({ id: 1, data: true });
    await busy?.expectClose(4003);
    expect(await reconnected).toBe(2);
    expect(after.map(({ socket }) => socket.readyState)).toEqual([1, 1]);
    expect(lifecycle.count).toBe(2);
  });

  it('TR-04 ends a part of them where only that is asked for', async () => {
    const { app, connectTo, old } = await start();
    const [shared, own] = [await connectTo('shared'), await connectTo('own')];
    const lifecycle: WsConnectionLifecycleService = app.app.get(WsConnectionLifecycleService);
    expect(await lifecycle.reconnect({ serverCertificate: old, path: '/own' })).toBe(1);
    await own.expectClose(4003);
    expect(await lifecycle.reconnect({ serverCertificate: 'AB:CD' })).toBe(0);
    expect(shared.socket.readyState).toBe(1);
  });

  it('TR-04 is no certificate over plaintext: nobody matches', async () => {
    const app: RunningApp = await startApp({ providers: [SharedGateway] });
    await connect(`${app.url}/shared`, { token: app.token() });
    const { lifecycle, nothing } = { lifecycle: app.app.get(WsConnectionLifecycleService), nothing: undefined };
    expect(lifecycle.find({ serverCertificate: 'AB:CD' })).toEqual([]);
    expect(lifecycle.find({ serverCertificate: nothing } as never)).toEqual([]);
  });
});
