import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { RANGE } from './range-server.js';
import type { Decision, startScripted } from './scripted-server.js';
import { verdictOf } from './verdict-of.js';

type Decide = (request: IncomingMessage, count: number) => Decision;
type Serve = Parameters<typeof startScripted>[1];

const finding = { outcome: 'finding' };
const notTested = { outcome: 'not-tested' };
const { token, tokenB } = RANGE;
const tokenOf = ({ headers }: IncomingMessage): string => (headers.authorization ?? '').slice('Bearer '.length);
const THROTTLED = '{"event":"error","data":{"code":"THROTTLED"}}';
const FORBIDDEN = '{"event":"error","data":{"code":"FORBIDDEN"}}';
const DONE = '{"event":"done"}';

describe('a server that has enough half way', { timeout: 120_000 }, () => {
  it.each<Decision>([429, 'hang'])('SC-04 AN-06 has refused no forged token behind a %s', async (enough) => {
    let forged = 0;
    const decide: Decide = (request) => {
      if (tokenOf(request).startsWith('ey') && tokenOf(request) !== token) forged++;
      if (forged > 7) return enough;
      return tokenOf(request) === token ? 'accept' : 401;
    };
    const verdict = await verdictOf('forged-token', { decide }, { credentials: { token } });
    expect(verdict).toMatchObject(notTested);
    expect(forged).toBeGreaterThan(7);
  });

  it.each([13, 14, 15, 16])('SC-04 TR-07 has ended nothing that was not sent: 429 behind %i', async (taken) => {
    let handshakes = 0;
    const verdict = await verdictOf('broken-frames', {
      decide: (_, count) => {
        handshakes = count;
        return count > taken ? 429 : 'accept';
      },
    });
    expect([verdict?.outcome, handshakes > taken]).toEqual(['not-tested', true]);
  });

  it.each(['injection', 'deep-nesting', 'prototype-keys'])(
    'SC-04 %s has refused nothing by a limit that refuses all from then on',
    async (check) => {
      const messages = ['{"event":"a","data":{"name":"Ann"}}'];
      let isShut = false;
      const serve: Serve = (client, message) => {
        isShut ||= message.includes('"a"') && !messages.includes(message);
        client.send(isShut ? THROTTLED : DONE);
      };
      expect(await verdictOf(check, { serve }, { messages })).toMatchObject(notTested);
      expect(isShut).toBe(true);
    },
  );

  it.each<readonly [what: string, taken: number]>([
    ['says the same to everything', 1],
    ['says it to the second of two', 2],
  ])('SC-04 AZ-12 tells nothing, and hides nothing, by a limit that %s', async (_, taken) => {
    const messages = ['{"event":"b","data":{}}'];
    let count = 0;
    const serve: Serve = (client, message) => {
      if (messages.includes(message)) count++;
      client.send(count > taken || (count === taken && !messages.includes(message)) ? THROTTLED : FORBIDDEN);
    };
    expect(await verdictOf('event-enumeration', { serve }, { messages })).toMatchObject(notTested);
    expect(count).toBeGreaterThan(1);
  });

  it('SC-04 OD-01 keeps the leak that was seen, and has searched nothing that was not said', async () => {
    for (const [leak, expected] of [
      ['at run (/srv/app/node_modules/ws/lib/receiver.js:10:5)', finding],
      ['nothing', notTested],
    ] as const) {
      let isShut = false;
      const serve: Serve = (client, message) => {
        if (message !== '{') return client.send(FORBIDDEN);
        isShut = true;
        client.send(JSON.stringify({ event: 'error', data: `Error: x\n    ${leak}\n    ${leak}` }));
        client.close(1008);
      };
      const verdict = await verdictOf('error-leaks', { decide: () => (isShut ? 429 : 'accept'), serve });
      expect([isShut, verdict]).toMatchObject([true, expected]);
    }
  });

  it('SC-02 SC-04 is heard out no longer than the scan keeps, however empty its messages are', async () => {
    const serve: Serve = (client) => {
      for (let count = 0; count < 25_000; count++) client.send('');
    };
    const verdict = await verdictOf('error-leaks', { serve });
    expect(verdict).toMatchObject({ ...notTested, says: expect.stringContaining('more than 6291456 bytes') as string });
  });

  it('SC-02 SC-04 DR-12 has kept no connection that was no longer watched, as the time of the scan was over', async () => {
    const verdict = await verdictOf(
      'idle-connections',
      {},
      {
        idleMs: 60_000,
        limits: { maxMs: 2000 },
      },
    );
    expect(verdict).toMatchObject({ ...notTested, says: expect.stringContaining('--seconds') as string });
  });

  it('SC-04 DR-05 has no limit of messages where it answers the second half later', async () => {
    let count = 0;
    const serve: Serve = (client) => {
      if (count++ < 100) client.send(DONE);
      else setTimeout(() => client.send(DONE), 200);
    };
    const verdict = await verdictOf('message-rate', { serve }, { messages: ['{"event":"a"}'] });
    expect(verdict).toMatchObject(finding);
  });

  it('SC-04 AZ-04 has refused the second account nothing that it was not asked', async () => {
    const messages = ['{"event":"a"}', '{"event":"b"}'];
    let others = 0;
    const decide: Decide = (request) => (tokenOf(request) === tokenB && ++others > 1 ? 429 : 'accept');
    const serve: Serve = (client, _, request) => (tokenOf(request) === token ? client.send(DONE) : client.close(1008));
    const verdict = await verdictOf(
      'other-identity',
      { decide, serve },
      {
        messages,
        credentials: { token },
        other: { token: tokenB },
      },
    );
    expect(verdict).toMatchObject(notTested);
  });
});
