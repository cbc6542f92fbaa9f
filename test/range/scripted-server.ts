import { once } from 'node:events';
import { createServer, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

/** What a server does with a handshake: a status refuses it, `hang` says nothing, `destroy` ends the connection. */
export type Decision = 'accept' | 'destroy' | 'hang' | number;

/** A server of `ws` that decides about each handshake by what is in it, and how many have come; and its URL. It ends with the test. */
export async function startScripted(
  decide: (request: IncomingMessage, count: number) => Decision,
  serve: (client: WebSocket, message: string, request: IncomingMessage) => void = (client, message) =>
    client.send(message),
  maxPayload = 65_536,
): Promise<string> {
  const http = createServer((_, response) => response.writeHead(404).end());
  const sockets = new WebSocketServer({ noServer: true, maxPayload });
  let count = 0;
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const decision = decide(request, ++count);
    if (decision === 'hang') return;
    if (decision === 'destroy') return void socket.destroy();
    if (decision !== 'accept') {
      socket.end(`HTTP/1.1 ${decision} ${STATUS_CODES[decision]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      client.on('message', (data: Buffer) => serve(client, data.toString(), request));
    });
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
    http.closeAllConnections();
    http.close();
  });
  return `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`;
}
