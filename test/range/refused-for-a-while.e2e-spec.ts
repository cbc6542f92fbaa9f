import type { IncomingMessage } from 'node:http';
import { scan } from '@secure-ws/scanner';
import { describe, expect, it } from 'vitest';
import { type Decision, startScripted } from './scripted-server.js';

const token = 'a-token-of-the-range-0123456789';
const isGood = ({ headers, url }: IncomingMessage): boolean =>
  url === '/' && headers.origin !== 'null' && headers.authorization === `Bearer ${token}`;

/** What a check says of a server. */
async function outcomeOf(
  check: string,
  decide: (request: IncomingMessage, count: number) => Decision,
): Promise<string | undefined> {
  const { outcomes } = await scan({
    target: await startScripted(decide),
    origin: 'https://app.example.com',
    checks: [check],
    credentials: { token },
    messages: ['{"event":"a"}'],
    limits: { connectionsPerSecond: 1000 },
    settleMs: 20,
    answerMs: 300,
  });
  return outcomes.find((outcome) => outcome.check === check)?.outcome;
}

describe('a server that refuses everybody for a while', { timeout: 120_000 }, () => {
  it.each(['null-origin', 'unknown-path'])(
    'SC-04 %s is not passed, whenever that is and for how long',
    async (check) => {
      const outcomes = new Set<string | undefined>();
      let handshakes = 0;
      for (let from = 2; from <= 9; from++) {
        for (const length of [1, 2, 3, Infinity]) {
          const decide = (_: IncomingMessage, count: number): Decision => {
            handshakes = Math.max(handshakes, count);
            return count >= from && count < from + length ? 403 : 'accept';
          };
          outcomes.add(await outcomeOf(check, decide));
        }
      }
      expect(handshakes).toBeLessThan(9);
      expect(outcomes).toEqual(new Set(['finding', 'not-tested']));
    },
  );

  it('SC-04 HS-03 is found behind a limit that says 403 to the handshake behind each second one', async () => {
    let accepted = 0;
    let isOver = true;
    const decide = (): Decision => {
      if (!isOver) {
        isOver = true;
        return 403;
      }
      isOver = ++accepted % 2 === 1;
      return 'accept';
    };
    expect(await outcomeOf('null-origin', decide)).toBe('finding');
  });

  it('SC-04 AN-06 is found where a forged token is refused once', async () => {
    let forged = 0;
    const decide = (request: IncomingMessage): Decision =>
      isGood(request) || (request.headers.authorization !== undefined && forged++ > 0) ? 'accept' : 401;
    expect(await outcomeOf('forged-token', decide)).toBe('finding');
  });

  it.each(['null-origin', 'unknown-path', 'forged-token'])(
    'SC-06 %s is passed where it is refused each time',
    async (check) => {
      expect(await outcomeOf(check, (request) => (isGood(request) ? 'accept' : 403))).toBe('passed');
    },
  );
});
