import { describe, expect, it } from 'vitest';
import { verdictOf } from './verdict-of.js';

const messages = ['{"event":"admin.purge","data":{}}'];

/** What the check says of a server with an answer for what is forbidden, and one for what does not exist. */
const toldApart = (
  forbidden: (count: number) => string,
  unknown: (count: number, message: string) => string,
): ReturnType<typeof verdictOf> => {
  let count = 0;
  return verdictOf(
    'event-enumeration',
    {
      serve: (client, message) => {
        count++;
        client.send(messages.includes(message) ? forbidden(count) : unknown(count, message));
      },
    },
    { messages },
  );
};

const error = (data: unknown): string => JSON.stringify({ event: 'error', data });

describe('SC-06 AZ-12 what is forbidden and what does not exist', () => {
  it.each<readonly [forbidden: unknown, unknown: unknown]>([
    [{ status: 403 }, { status: 404 }],
    [{ code: -32001 }, { code: -32601 }],
    ['INSUFFICIENT_PERMISSIONS', 'NO_SUCH_EVENT_REGISTERED'],
    ['forbidden', 'not found'],
  ])('is told apart by %j and %j', async (forbidden, unknown) => {
    const verdict = await toldApart(
      () => error(forbidden),
      () => error(unknown),
    );
    expect(verdict).toMatchObject({ outcome: 'finding' });
  });

  it('is told apart beside what differs every time', async () => {
    const verdict = await toldApart(
      (count) => error({ status: 403, ref: `k3x9qz${count}`, seq: count }),
      (count) => error({ status: 404, ref: `k3x9qz${count}`, seq: count }),
    );
    expect(verdict).toMatchObject({ outcome: 'finding' });
  });

  it.each<readonly [what: string, data: (count: number, message: string) => unknown]>([
    ['a reference of each time', (count) => ({ code: 'FORBIDDEN', ref: `k3x9qz${count}` })],
    ['a counter', (count) => ({ code: 'FORBIDDEN', seq: count })],
    ['the server behind a balancer', (count) => ({ code: 'FORBIDDEN', node: `node-${count % 2}` })],
    ['the message', (_, message) => ({ code: 'FORBIDDEN', of: (JSON.parse(message) as { event: string }).event })],
  ])('SC-04 is not told apart by %s', async (_, data) => {
    const verdict = await verdictOf(
      'event-enumeration',
      (() => {
        let count = 0;
        return {
          serve: (client: { send(text: string): void }, message: string) =>
            client.send(message.startsWith('{"event') ? error(data(++count, message)) : error('no')),
        };
      })(),
      { messages },
    );
    expect(verdict).toMatchObject({ outcome: 'passed' });
  });

  it('SC-04 is not told apart by what is made of the name', async () => {
    const hashOf = (message: string): string => Buffer.from(message).toString('hex').slice(-40);
    const answer = (_: number, message: string): string => error({ code: 'FORBIDDEN', id: hashOf(message) });
    const verdict = await toldApart((count) => answer(count, messages[0] ?? ''), answer);
    expect(verdict).toMatchObject({ outcome: 'passed' });
  });

  it.each<readonly [what: string, limited: unknown]>([
    ['a number', { status: 429 }],
    ['a word', { status: 'SLOW_DOWN' }],
  ])('SC-04 is not known where a limit says no from the second one on, in %s', async (_, limited) => {
    let forbidden = 0;
    let isLimited = false;
    const verdict = await toldApart(
      () => {
        isLimited ||= ++forbidden > 2;
        return error(isLimited ? limited : { status: 403 });
      },
      () => error(isLimited ? limited : { status: 403 }),
    );
    expect(verdict).toMatchObject({ outcome: 'not-tested' });
  });
});
