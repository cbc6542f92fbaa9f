import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { readTarget } from '../scope/scan-target.js';
import { TrafficDesk } from './desk/traffic-desk.js';
import { InterceptingProxy } from './intercepting-proxy.js';
import { Recording } from './recording.js';

it('SC-08 shows no beginning of a token that stands where a long message is cut', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const target = readTarget(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, { isAllowed: false });
  const desk = new TrafficDesk({ rules: [], holdMs: 5000 });
  const shown = new Promise<string>((resolve) => {
    desk.listen({ onMessage: (entry) => resolve(entry.shown), onNote: () => undefined });
  });
  const proxy = new InterceptingProxy(target, desk, new Recording(), []);
  const token = `tok-${'0123456789'.repeat(90)}`;
  const headers = { authorization: `Bearer ${token}` };
  const client = new WebSocket(`ws://localhost:${await proxy.listen(0)}/`, [], { headers });
  onTestFinished(async () => {
    client.terminate();
    await proxy.close();
    server.close();
  });
  await once(client, 'open');
  // 20,000 characters are looked at, and end within the last one. The others are short when they are taken out, and all is shown.
  client.send(`${'said '.repeat(200)}${`${token} `.repeat(20)}${token.repeat(3)}`);
  expect(await shown).toContain('[redacted]');
  expect(await shown).not.toContain('tok-');
});
