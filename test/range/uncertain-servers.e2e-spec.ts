import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CheckOutcome, scan, type ScanOptions } from '@secure-ws/scanner';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RANGE } from './range-server.js';
import { weakToken } from './range-tokens.js';
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

  it('SC-04 DR-01 has a limit of sizes whose close frame is sometimes overtaken by the reset of the connection', async () => {
    let big = 0;
    const verdict = await verdictOf(
      { check: 'oversized-message' },
      () => 'accept',
      (client, message) => {
        if (message.length <= 1000) return client.send('{}');
        if (++big < 3) client.terminate();
        else client.close(1009);
      },
      104_857_600,
    );
    expect(verdict).toMatchObject(passed);
    expect(big).toBe(3);
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

  it.each<readonly [limit: Decision, nobody: string]>([
    [429, 'not-tried'],
    [403, 'not-admitted'],
  ])('SC-04 AZ-01 has refused nobody by a limit that says %s to who was let in before', async (limit, nobody) => {
    const messages = ['{"event":"a"}', '{"event":"b"}'];
    let anonymous = 0;
    const { matrix } = await scan({
      target: await startScripted(
        (request) => (hasToken(request) || ++anonymous < 2 ? 'accept' : limit),
        (client, _, request) => (hasToken(request) ? client.send('{"event":"done"}') : client.close(1008)),
      ),
      ...{ checks: ['other-identity'], messages, credentials: { token }, other: { token: RANGE.tokenB } },
      ...{ limits: { connectionsPerSecond: 1000 }, settleMs: 20, answerMs: 300 },
    });
    expect(matrix?.rows.map(({ reactions }) => [reactions.other?.kind, reactions.none?.kind])).toEqual([
      ['closed', nobody],
      ['not-tried', nobody],
    ]);
  });

  it.each(['binary-frames', 'fragments', 'deep-nesting', 'prototype-keys', 'injection'])(
    'SC-04 %s has refused nothing by silence',
    async (check) => {
      const messages = ['{"event":"a","data":{"name":"Ann"}}'];
      const verdict = await verdictOf(
        { check, messages },
        () => 'accept',
        // What it does not know byte by byte it says nothing to.
        (client, message) => messages.includes(message) && client.send('{"event":"done"}'),
      );
      expect(verdict).toMatchObject(check === 'binary-frames' || check === 'fragments' ? finding : notTested);
    },
  );

  it('SC-04 RI-01 has refused no message for its nonce that it never takes', async () => {
    const messages = ['{"event":"pay","data":{"nonce":"0f8fad5b"}}'];
    const verdict = await verdictOf(
      { check: 'replay', messages },
      () => 'accept',
      (client) => client.send('{"event":"error"}'),
    );
    expect(verdict).toMatchObject(notTested);
  });

  it('RI-01 has refused a message that somebody else has sent before, where a new nonce is taken', async () => {
    const messages = ['{"event":"pay","data":{"nonce":"0f8fad5b"}}'];
    const verdict = await verdictOf(
      { check: 'replay', messages },
      () => 'accept',
      (client, message) => client.send(messages.includes(message) ? '{"event":"error"}' : '{"event":"done"}'),
    );
    expect(verdict).toMatchObject(passed);
  });

  it('SC-04 DR-14 has outlived nothing where it keeps away who is hostile', async () => {
    let isShut = false;
    const verdict = await verdictOf(
      { check: 'crash' },
      ({ url }) => {
        isShut ||= url === '/%zz%c0%af';
        return isShut ? 403 : 'accept';
      },
      (client, message) => client.send(message),
    );
    expect(verdict).toMatchObject(notTested);
  });

  it('SC-04 DR-14 has not ended where it ends all connections of who is hostile, and takes no more of them', async () => {
    const clients = new Set<{ terminate(): void }>();
    let isShut = false;
    const verdict = await verdictOf(
      { check: 'crash' },
      () => (isShut ? 'destroy' : 'accept'),
      (client, message) => {
        clients.add(client);
        isShut ||= message === '[]';
        if (isShut) for (const each of clients) each.terminate();
        else client.send('{}');
      },
    );
    expect(verdict?.outcome).toBe('not-tested');
  });

  it.each<readonly [answer: string, expected: object]>([
    ['{"event":"done"}', finding],
    ['{"event":"error"}', passed],
  ])('SC-04 SL-04 asks a server that looks at messages with one, and it says %s', async (answer, expected) => {
    let isOver = false;
    const verdict = await verdictOf(
      {
        check: 'log-out',
        messages: ['{"event":"a"}'],
        credentials: { token },
        logOut: () => {
          isOver = true;
          return Promise.resolve();
        },
      },
      () => 'accept',
      (client, _, request) =>
        client.send(!hasToken(request) ? '{"event":"error"}' : isOver ? answer : '{"event":"done"}'),
    );
    expect(verdict).toMatchObject(expected);
  });

  it('SC-04 SL-04 has tested nothing where nobody is refused anything', async () => {
    const verdict = await verdictOf(
      { check: 'log-out', messages: ['{"event":"a"}'], credentials: { token }, logOut: () => Promise.resolve() },
      () => 'accept',
    );
    expect(verdict).toMatchObject(notTested);
  });

  it.each<readonly [what: string, cookies: readonly string[], expected: object]>([
    ['well', ['sid=1; HttpOnly; SameSite=Lax'], passed],
    ['badly, and then well', ['sid=1', 'sid=2; HttpOnly; SameSite=Lax'], finding],
    ['well, and then badly', ['sid=2; HttpOnly; SameSite=Lax', 'sid=1'], finding],
    ['not at all: it is taken away', ['sid=; Max-Age=0', 'sid=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT'], notTested],
    ['with many blanks', [`sid=1; HttpOnly; SameSite=Lax${' '.repeat(10_000)}`], passed],
  ])('AN-08 SC-04 a cookie is set %s', async (_, cookies, expected) => {
    const http = createServer((__, response) => response.writeHead(200, { 'set-cookie': [...cookies] }).end());
    await once(http.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void http.close());
    const target = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`;
    const { outcomes } = await scan({ target, checks: ['cookie-attributes'], answerMs: 300 });
    expect(outcomes.find(({ check }) => check === 'cookie-attributes')).toMatchObject(expected);
  });

  it('AN-06 SC-04 takes no JWT of a cookie for a credential that opens nothing by itself', async () => {
    const cookie = `sid=a-session; theme=${weakToken('a secret that stands nowhere')}`;
    const decide = ({ headers }: IncomingMessage): Decision =>
      headers.cookie?.includes('sid=a-session') === true ? 'accept' : 401;
    expect(await verdictOf({ check: 'forged-token', credentials: { cookie } }, decide)).toMatchObject(notTested);
  });
});
