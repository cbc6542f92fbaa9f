import { scan } from '@secure-ws/scanner';
import { describe, expect, it } from 'vitest';
import { startScripted } from './scripted-server.js';

const jwtOf = (subject: string, id: number): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256' })}.${part({ sub: subject, jti: id })}.signature-of-${subject}`;
};
const COOKIE = 'connect.sid=s%3Aq1w2e3r4t5y6u7i8o9p0.Zm9vYmFyYmF6cXV4L3F1dXg%3D';

const FAST = { limits: { connectionsPerSecond: 1000 }, settleMs: 20, answerMs: 300 };

describe('what logs the first account in', { timeout: 60_000 }, () => {
  it.each([
    ['a token of another day', `{"event":"auth","data":{"bearer":"${jwtOf('ann', 1)}"}}`],
    ['a password', '{"event":"auth","data":{"name":"ann","password":"hunter22"}}'],
  ])('SC-06 AN-01 AZ-04 is sent by nobody else where a captured message holds it: %s', async (_, message) => {
    const target = await startScripted(
      () => 'accept',
      (client, text) => {
        const isAnn = /signature-of-ann|hunter22/.test(text);
        client.send(isAnn ? '{"event":"welcome"}' : '{"event":"error","data":"unauthorized"}');
      },
    );
    const { outcomes } = await scan({
      target,
      messages: [message],
      credentials: { token: jwtOf('ann', 2) },
      other: { token: jwtOf('bob', 1) },
      checks: ['unauthenticated', 'other-identity'],
      ...FAST,
    });
    expect(outcomes.filter(({ outcome }) => outcome === 'finding')).toEqual([]);
  });

  it('SC-08 stands in no report as the session that a server reads in its cookie', async () => {
    const target = await startScripted(
      () => 'accept',
      (client, _, { headers }) => {
        const session = decodeURIComponent(/sid=([^;]*)/.exec(headers.cookie ?? '')?.[1] ?? '');
        client.send(JSON.stringify({ event: 'profile', data: { session, id: session.slice(2, 22) } }));
      },
    );
    const { matrix } = await scan({
      target,
      messages: ['{"event":"profile"}'],
      credentials: { cookie: COOKIE },
      other: { token: jwtOf('bob', 1) },
      checks: ['other-identity'],
      ...FAST,
    });
    expect(matrix?.rows[0]?.reactions.given?.shows).toBe(
      '{"event":"profile","data":{"session":"[redacted]","id":"[redacted]"}}',
    );
  });
});
