import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';

/** A server of `ws` with its defaults that answers each message with some, greets with some, and its URL. It ends with the test. */
export async function startTalker(
  answers: (message: string) => readonly string[],
  greeting: readonly string[] = [],
): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (client) => {
    client.on('error', () => client.terminate());
    client.on('message', (data: Buffer) => {
      for (const answer of answers(data.toString())) client.send(answer);
    });
    for (const text of greeting) client.send(text);
  });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
