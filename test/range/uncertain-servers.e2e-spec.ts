import type { IncomingMessage } from 'node:http';
import { type CheckOutcome, scan, type ScanOptions } from '@secure-ws/scanner';
import { describe, expect, it } from 'vitest';
import { RANGE } from './range-server.js';
import { type Decision, startScripted } from './scripted-server.js';

type Wanted = Partial<ScanOptions> & { readonly check: string };

/** What one check says of a server. */
async function verdictOf(
  { check, ...more }: Wanted,
  decide: (request: IncomingMessage, count: number) => Decision,
  ...serve: Parameters<typeof startScripted> extends [unknown, ...infer Rest] ? Rest : never
): Promise<CheckOutcome | undefined> {
  const { outcomes } = await scan({
    target: await startScripted(decide, ...serve),
    checks: [check],
    isDisruptive: true,
    limits: { connectionsPerSecond: 1000 },
    answerMs: 300,
    settleMs: 20,
    ...more,
  });
  return outcomes.find((outcome) => outcome.check === check);
}

const finding = { outcome: 'finding' };
const passed = { outcome: 'passed' };
const notTested = { outcome: 'not-tested' };
const token = RANGE.token;
const hasToken = ({ headers }: IncomingMessage): boolean => headers.authorization === `Bearer ${token}`;
const versionOf = ({ headers }: IncomingMessage): unknown => headers['sec-websocket-version'];

describe('a server that says too little, or fails', { timeout: 120_000 }, () => {
  it.each<readonly [Decision, object]>([
    [503, finding],
    [500, finding],
    ['destroy', finding],
    ['hang', finding],
  ])(
    'SC-04 HS-07 keeps what it has been caught with, when it meets a later handshake with %s',
    async (later, expected) => {
      const verdict = await verdictOf({ check: 'malformed-handshake' }, (request) =>
        request.method === 'POST' ? later : versionOf(request) === '13, 8' ? 400 : 'accept',
      );
      expect(verdict).toMatchObject(expected);
      expect(verdict?.evidence.map(({ sent }) => sent)).toContain('Sec-WebSocket-Version: 8');
    },
  );

  it.each<readonly [Decision, object]>([
    ['destroy', passed],
    [400, passed],
    [500, notTested],
    ['hang', notTested],
  ])('SC-04 HS-09 has refused an unknown path by %s, or nobody knows', async (decision, expected) => {
    const verdict = await verdictOf({ check: 'unknown-path' }, ({ url }) => (url === '/' ? 'accept' : decision));
    expect(verdict).toMatchObject(expected);
  });

  it.each([401, 403])(
    'SC-04 AN-01 has refused nobody for want of a credential where it says %i to everybody',
    async (status) => {
      expect(await verdictOf({ check: 'unauthenticated', credentials: { token } }, () => status)).toMatchObject(
        notTested,
      );
    },
  );

  it('SC-04 AN-01 is asked the other messages when the first one ends the connection', async () => {
    const messages = ['{"event":"a"}', '{"event":"b"}'];
    const verdict = await verdictOf(
      { check: 'unauthenticated', credentials: { token }, messages },
      () => 'accept',
      (client, message, request) =>
        message.includes('"b"') || hasToken(request) ? client.send('{"event":"done"}') : client.close(1008),
    );
    expect(verdict).toMatchObject({ ...finding, evidence: [{ sent: messages[1] }] });
  });

  it.each<readonly [Decision, object]>([
    [500, notTested],
    ['hang', notTested],
    [401, passed],
    ['destroy', passed],
  ])('SC-04 AN-06 has refused a forged token by %s, or nobody knows', async (decision, expected) => {
    const verdict = await verdictOf({ check: 'forged-token', credentials: { token } }, (request) =>
      hasToken(request) ? 'accept' : request.headers.authorization?.startsWith('Bearer ey') === true ? decision : 401,
    );
    expect(verdict).toMatchObject(expected);
  });

  it('SC-04 AN-06 has refused no forged token where it refuses the good one by then', async () => {
    let isShut = false;
    const verdict = await verdictOf({ check: 'forged-token', credentials: { token } }, (request) => {
      isShut ||= request.headers.authorization === 'Bearer not.a.token';
      return hasToken(request) && !isShut ? 'accept' : 403;
    });
    expect(verdict).toMatchObject(notTested);
  });

  it('SC-04 TR-07 has ended no connection for a broken frame that it does not take at all, or says nothing to', async () => {
    const check = 'broken-frames';
    expect(await verdictOf({ check }, (_, count) => (count > 12 ? 403 : 'accept'))).toMatchObject(notTested);
  });

  it.each<readonly [Decision, object]>([
    [429, passed],
    [403, notTested],
    [500, notTested],
    ['destroy', notTested],
  ])(
    'SC-04 HS-20 has a limit of handshakes where it says %s from one on, or nobody knows',
    async (decision, expected) => {
      const verdict = await verdictOf({ check: 'handshake-rate' }, (_, count) => (count > 30 ? decision : 'accept'));
      expect(verdict).toMatchObject(expected);
    },
  );

  it.each<readonly [Decision]>([[503], ['destroy']])(
    'HS-20 has a limit of handshakes where it says %s in a row, and takes the next one after a pause',
    async (decision) => {
      const verdict = await verdictOf({ check: 'handshake-rate' }, (_, count) =>
        count % 30 === 0 ? decision : 'accept',
      );
      expect(verdict).toMatchObject(passed);
    },
  );

  it('SC-04 HS-20 has no limit of handshakes where it was busy once', async () => {
    const verdict = await verdictOf({ check: 'handshake-rate' }, (_, count) => (count === 2 ? 503 : 'accept'));
    expect(verdict).toMatchObject(finding);
  });

  it('SC-04 HS-10 has told nobody what it agrees to by a failure of its own', async () => {
    const decide = ({ headers }: IncomingMessage): Decision =>
      headers['sec-websocket-protocol']?.includes('foreign') === true ? 500 : 'accept';
    expect(await verdictOf({ check: 'foreign-subprotocol' }, decide)).toMatchObject(notTested);
  });

  it('SC-04 DR-01 has no limit of sizes where the connection ends without a close frame', async () => {
    const verdict = await verdictOf(
      { check: 'oversized-message' },
      () => 'accept',
      (client, message) => (message.length > 1000 ? client.terminate() : client.send('{}')),
      104_857_600,
    );
    expect(verdict).toMatchObject(notTested);
  });

  it('SC-04 DR-05 has no limit of messages where its answers differ', async () => {
    const answers = ['{"a":1}', '{"b":1}', '{"c":1}', '{"d":1}', '{"e":1}'];
    let count = 0;
    const verdict = await verdictOf(
      { check: 'message-rate', messages: ['{"event":"a"}'] },
      () => 'accept',
      (client) => client.send(answers[Math.min(Math.floor(count++ / 3), 4)] ?? ''),
    );
    expect(verdict).toMatchObject(finding);
  });

  it('SC-04 AZ-01 has refused nobody by a limit', async () => {
    const messages = ['{"event":"a"}', '{"event":"b"}'];
    let anonymous = 0;
    const { matrix } = await scan({
      target: await startScripted(
        (request) => (hasToken(request) || ++anonymous < 2 ? 'accept' : 429),
        (client, _, request) => (hasToken(request) ? client.send('{"event":"done"}') : client.close(1008)),
      ),
      ...{ checks: ['other-identity'], messages, credentials: { token }, other: { token: RANGE.tokenB } },
      ...{ limits: { connectionsPerSecond: 1000 }, settleMs: 20, answerMs: 300 },
    });
    expect(matrix?.rows.map(({ reactions }) => [reactions.other?.kind, reactions.none?.kind])).toEqual([
      ['closed', 'not-tried'],
      ['not-tried', 'not-tried'],
    ]);
  });
});
