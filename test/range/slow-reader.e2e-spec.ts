import type { IncomingMessage } from 'node:http';
import { type CheckOutcome, scan } from '@secure-ws/scanner';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { startScripted } from './scripted-server.js';

/** What the check says of a server that answers so. */
async function verdictOf(
  serve: (client: WebSocket, message: string, request: IncomingMessage) => void,
  messages: readonly string[] = [],
): Promise<CheckOutcome | undefined> {
  const { outcomes } = await scan({
    target: await startScripted(() => 'accept', serve),
    checks: ['slow-reader'],
    isDisruptive: true,
    limits: { connectionsPerSecond: 1000 },
    idleMs: 3000,
    settleMs: 50,
    messages,
  });
  return outcomes.find(({ check }) => check === 'slow-reader');
}

const MAX_UNREAD = 1_048_576;
const EXPORT = '{"event":"export"}';

/** Answers a short message with a long one, whatever stands behind it. */
const large = (client: WebSocket, message: string): void =>
  client.send(message.startsWith(EXPORT) ? JSON.stringify({ event: 'export', data: 'x'.repeat(60_000) }) : '{}');

describe('a client that reads nothing', { timeout: 120_000 }, () => {
  it('DR-10 SC-05 has all answers kept for it by a server that sends back what comes', async () => {
    const verdict = await verdictOf((client, message) => client.send(message));
    expect(verdict).toMatchObject({ outcome: 'finding', severity: 'medium', confidence: 'certain' });
  });

  it('DR-10 SC-05 has all answers kept for it where a captured message has a long one', async () => {
    expect(await verdictOf(large, [EXPORT])).toMatchObject({ outcome: 'finding' });
  });

  it.each<readonly [how: string, says: string, serve: (client: WebSocket, message: string) => void]>([
    [
      'ends it',
      'was ended',
      (client, message) => (client.bufferedAmount > MAX_UNREAD ? client.terminate() : client.send(message)),
    ],
    [
      'reads nothing of it either',
      'no more messages were read',
      (client, message) => {
        client.send(message, () => client.bufferedAmount === 0 && client.resume());
        if (client.bufferedAmount > MAX_UNREAD) client.pause();
      },
    ],
    [
      'leaves answers out',
      'bytes of answers were kept',
      (client, message) => client.bufferedAmount < MAX_UNREAD && client.send(message),
    ],
  ])('DR-10 SC-06 has nothing kept for it by a server that %s', async (_, says, serve) => {
    expect(await verdictOf(serve)).toMatchObject({ outcome: 'passed', says: expect.stringContaining(says) as string });
  });

  it('DR-10 SC-04 is nothing that was seen where a client that reads is ended as well', async () => {
    const counts = new WeakMap<WebSocket, number>();
    const verdict = await verdictOf((client, message) => {
      const count = (counts.get(client) ?? 0) + 1;
      counts.set(client, count);
      if (count > 50) client.close(1008);
      else client.send(message);
    });
    expect(verdict).toMatchObject({ outcome: 'not-tested', says: expect.stringContaining('reads') as string });
  });

  it.each<readonly [what: string, answer: string]>([
    ['short answers', '{"event":"done"}'],
    ['nothing', ''],
  ])('DR-10 SC-04 is nothing that was seen of a server that gives %s', async (_, answer) => {
    const verdict = await verdictOf((client) => answer !== '' && client.send(answer), ['{"event":"a"}']);
    expect(verdict).toMatchObject({ outcome: 'not-tested', says: expect.stringContaining('--messages') as string });
  });
});
