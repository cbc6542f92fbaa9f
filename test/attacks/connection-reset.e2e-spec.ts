import type { Server } from 'node:http';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { clientFrame } from '../support/frame-writer.js';
import { GatedAuthenticator } from '../support/gated.authenticator.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const goRound = () => new Promise((resolve) => setImmediate(resolve));

const openSockets = ({ app }: RunningApp) =>
  new Promise<number>((resolve, reject) => {
    (app.getHttpServer() as Server).getConnections((error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });

describe('a client that resets its connection', () => {
  const head = (app: RunningApp, token: string) =>
    requestHead({ target: '/echo', fields: [...handshakeFields(app.host), ['Authorization', `Bearer ${token}`]] });

  it('HS-17 does not end the process while its credential is being verified', async () => {
    const crashes = watchForCrashes();
    const gate = new GatedAuthenticator();
    const app = await startApp({ providers: [EchoGateway], options: { authentication: { authenticators: [gate] } } });
    const tcp = await RawTcp.open(app);
    tcp.write(head(app, 'token'));
    await until(() => gate.waiting === 1, 'the credential is being verified');
    tcp.reset();
    await goRound();
    gate.admit('alice');
    let count = await openSockets(app);
    while (count > 0) count = await openSockets(app);
    expect(crashes).toEqual([]);
    expect(app.app.get(EchoGateway).connections).toBe(app.events.ofType('ws.connection.closed').length);
  });

  it('HS-17 does not end the process at any of 200 moments of a handshake', async () => {
    const crashes = watchForCrashes();
    const app = await startApp({ providers: [EchoGateway] });
    const bytes = Buffer.concat([
      head(app, app.token()),
      clientFrame(JSON.stringify({ event: 'echo', data: { text: 'x' }, id: 1 })),
    ]);
    for (let attempt = 0; attempt < 200; attempt++) {
      const tcp = await RawTcp.open(app);
      // Ten lengths of the request, and for each of them twenty moments, counted in turns of the event loop.
      const length = Math.ceil((bytes.length * ((attempt % 10) + 1)) / 10);
      tcp.write(bytes.subarray(0, length));
      for (let turn = 0; turn < Math.floor(attempt / 10); turn++) await goRound();
      tcp.reset();
    }
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    await until(
      () => app.events.ofType('ws.connection.opened').length === app.events.ofType('ws.connection.closed').length,
      'every connection that was opened is closed',
    );
    expect(crashes).toEqual([]);
  });

  it('F55 at once is audited as gone, with its address, and as no attack', async () => {
    const app = await startApp({ providers: [EchoGateway] });
    const refusals = app.events.ofType('ws.handshake.refused');
    for (const isAccepted of [true, false]) {
      const clients = await Promise.all(Array.from({ length: 40 }, () => RawTcp.open(app)));
      // One that resets before the server has even accepted it leaves no address in the kernel.
      while (isAccepted && (await openSockets(app)) < 40) await goRound();
      for (const tcp of clients) {
        tcp.write(head(app, app.token()));
        tcp.reset();
      }
      while ((await openSockets(app)) > 0) await goRound();
      for (const { reason, address } of app.events.ofType('ws.handshake.refused').slice(refusals.length)) {
        expect(reason).toBe('client-gone');
        if (isAccepted) expect(address).toBe('127.0.0.1');
      }
      refusals.push(...app.events.ofType('ws.handshake.refused').slice(refusals.length));
    }
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    await until(
      () => app.events.ofType('ws.connection.opened').length === app.events.ofType('ws.connection.closed').length,
      'every connection that was opened is closed',
    );
  });
});
