import { scan } from '@secure-ws/scanner';
import { describe, expect, it } from 'vitest';
import { RANGE } from './range-server.js';
import { startScripted } from './scripted-server.js';

const TICKET = 'a-ticket-of-the-range-0123456789';

describe('a credential in the query of the target', { timeout: 60_000 }, () => {
  it('AN-01 SC-04 is shown for the first account alone, and the rest of the query by everybody', async () => {
    const asked: { readonly url: string; readonly authorization: string | undefined }[] = [];
    const origin = await startScripted(
      ({ url = '', headers: { authorization } }) => {
        asked.push({ url, authorization });
        return url.includes(`ticket=${TICKET}`) ? 'accept' : 401;
      },
      (client) => client.send('{"event":"done"}'),
    );
    const { outcomes } = await scan({
      target: `${origin}notes?room=7&ticket=${TICKET}&v=%20x`,
      credentials: { token: RANGE.token },
      other: { token: RANGE.tokenB },
      messages: ['{"event":"a"}'],
      checks: ['unauthenticated', 'other-identity', 'token-in-url'],
      limits: { connectionsPerSecond: 1000 },
      settleMs: 20,
      answerMs: 300,
    });
    const saidBy = (id: string): unknown => outcomes.find(({ check }) => check === id);
    expect(saidBy('unauthenticated')).toMatchObject({
      outcome: 'passed',
      says: expect.stringContaining('without ticket in the query') as string,
    });
    expect(saidBy('other-identity')).toMatchObject({ outcome: 'not-tested' });
    const others = asked.filter(({ authorization }) => authorization !== `Bearer ${RANGE.token}`);
    expect(others.length).toBeGreaterThan(2);
    expect(others.filter(({ url }) => url.includes(TICKET) || !url.startsWith('/notes?room=7&v=%20x'))).toEqual([]);
  });
});
