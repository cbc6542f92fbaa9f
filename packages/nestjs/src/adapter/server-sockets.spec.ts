import { mkdtempSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { ServerSockets } from './server-sockets.js';

it('DR-13 F53 ends every silent connection on a Unix socket, whose peers have no address', async () => {
  const clock = new FakeClock();
  const server = createServer();
  const sockets = new ServerSockets(server, clock, 1000);
  const path = join(mkdtempSync(join(tmpdir(), 'secure-ws-')), 'socket');
  let accepted = 0;
  const allAccepted = new Promise<void>((resolve) => {
    server.on('connection', () => {
      if (++accepted === 3) resolve();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  const clients = [1, 2, 3].map(() => connect(path).resume());
  onTestFinished(() => {
    for (const client of clients) client.destroy();
    server.close();
  });
  const closed = clients.map((client) => new Promise((resolve) => client.once('close', resolve)));
  await allAccepted;
  expect(sockets.pending).toBe(3);
  clock.advance(10_001);
  sockets.expire(clock.monotonic());
  await Promise.all(closed);
});

it('DR-13 knows a connection of HTTP/2 that has asked for something', async () => {
  const server = createHttp2Server((_, response) => response.end());
  const sockets = new ServerSockets(server as unknown as Server, new FakeClock(), 1000);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  const request = session.request().resume();
  await new Promise((resolve) => request.once('end', resolve));
  expect(sockets.pending).toBe(0);
});

it('DR-15 keeps nothing of a connection that has ended, and leaves no timer for it', async () => {
  const clock = new FakeClock();
  const server = createServer();
  const sockets = new ServerSockets(server, clock, 1000);
  const gone = new Promise((resolve) => {
    server.once('connection', (socket: Socket) => socket.once('close', resolve));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  connect((server.address() as AddressInfo).port, '127.0.0.1')
    .resume()
    .resetAndDestroy();
  await gone;
  expect(sockets.pending).toBe(0);
  sockets.close(60_000);
  expect(clock.pending).toBe(0);
});
