import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';

/**
 * A server of `ws` with its defaults that answers each message with some, or ends the connection at it, greets with some, and
 * says some every few milliseconds; and its URL. It ends with the test.
 */
export async function startTalker(
  answers: (message: string) => readonly string[] | 'close',
  greeting: readonly string[] = [],
  unasked?: () => readonly string[],
): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (client) => {
    client.on('error', () => client.terminate());
    client.on('message', (data: Buffer) => {
      const answered = answers(data.toString());
      if (answered === 'close') client.close(1008);
      else for (const answer of answered) client.send(answer);
    });
    for (const text of greeting) client.send(text);
    if (unasked === undefined) return;
    const timer = setInterval(() => {
      for (const text of unasked()) client.send(text);
    }, 5);
    client.once('close', () => clearInterval(timer));
  });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
