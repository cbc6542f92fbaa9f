import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scan, type ScanOptions, type ScanResult } from '@secure-ws/scanner';
import { beforeAll, describe, expect, it } from 'vitest';
import { startNestOnSocketIo, startNestOnWs } from './nest-servers.js';
import { type RangeRun, rangePage } from './range-page.js';
import { PUBLIC_KEY, rangeToken, SIGNING_KEY, VISITOR, weakToken } from './range-tokens.js';
import { type Flaw, FLAWS } from './range-flaws.js';
import { type AtEnd, LOG_OUTS, RANGE, startRangeServer } from './range-server.js';
import { rangeAuthority, TLS_FLAWS, type TlsFlaw } from './range-tls.js';
import { startTalker } from './talker.js';

/** What each flaw is found by, and nothing else. */
const FOUND_BY: Readonly<Record<Flaw, readonly string[]>> = {
  'any-origin': ['foreign-origin', 'cross-site-cookie', 'null-origin', 'missing-origin'],
  'origin-suffix': ['origin-bypass'],
  'origin-without-port': ['origin-bypass'],
  'null-origin': ['null-origin'],
  'missing-origin': ['missing-origin'],
  'origin-beside-tokens': ['cross-site-cookie'],
  'bare-cookie': ['cookie-attributes'],
  'any-host': ['foreign-host'],
  'any-path': ['unknown-path'],
  'old-versions': ['malformed-handshake'],
  'duplicate-fields': ['duplicate-fields'],
  bodies: ['request-smuggling'],
  'answers-behind': ['request-smuggling'],
  'any-subprotocol': ['foreign-subprotocol'],
  'any-extension': ['extension-offers'],
  compression: ['compression'],
  anonymous: ['unauthenticated', 'declared-access'],
  'expired-token': ['expired-credential', 'declared-access'],
  'token-in-url': ['token-in-url'],
  'any-record': ['other-identity'],
  'unverified-cookie': ['forged-token', 'token-claims'],
  'unsigned-tokens': ['forged-token'],
  'unverified-tokens': ['forged-token', 'token-claims'],
  'key-in-token': ['forged-token'],
  'key-confusion': ['forged-token'],
  'empty-key': ['forged-token'],
  'unchecked-claims': ['token-claims'],
  undeclared: ['declared-access'],
  'told-apart': ['event-enumeration'],
  replays: ['replay'],
  'binary-frames': ['binary-frames'],
  'any-fragments': ['fragments'],
  'any-depth': ['deep-nesting'],
  'prototype-keys': ['prototype-keys'],
  templates: ['injection'],
  'huge-messages': ['oversized-message'],
  'any-handshake-rate': ['handshake-rate'],
  'any-message-rate': ['message-rate'],
  'stack-trace': ['error-leaks'],
  'lenient-frames': ['broken-frames'],
  dies: ['crash'],
  'inflates-anything': ['compression', 'oversized-message', 'decompression-bomb'],
  'idle-connections': ['idle-connections'],
  'keeps-unread': ['slow-reader'],
  'outlives-token': ['token-expiry'],
  'outlives-log-out': ['log-out'],
};

/** The same for what is wrong with TLS, on a server that is in order else. */
const FOUND_BEHIND_TLS: Readonly<Record<TlsFlaw, readonly string[]>> = {
  'plaintext-beside-tls': ['plaintext'],
  'expired-certificate': ['certificate'],
  'self-signed-certificate': ['certificate'],
  'foreign-certificate': ['certificate'],
  'old-tls': ['old-tls'],
  'no-strict-transport': ['strict-transport'],
};

type Server = Flaw | TlsFlaw | 'none' | 'none-over-tls' | 'plaintext';
const NOT_WITHOUT_TLS = ['plaintext', 'certificate', 'old-tls', 'strict-transport'];
let authority = '';
let lock = '';
beforeAll(async () => {
  authority = (await rangeAuthority()).cert;
  const folder = await mkdtemp(join(tmpdir(), 'range-'));
  lock = join(folder, 'secure-ws.lock.json');
  await writeFile(lock, JSON.stringify(RANGE.lock));
  return () => rm(folder, { recursive: true });
});

const scanRange = (target: string, more: Partial<ScanOptions> = {}): Promise<ScanResult> =>
  scan({
    target,
    origin: RANGE.origin,
    credentials: { token: RANGE.token, cookie: RANGE.cookie },
    other: { token: RANGE.tokenB, cookie: RANGE.cookieB },
    expired: { token: RANGE.expired },
    shared: ['note.list'],
    publicKey: PUBLIC_KEY,
    lock,
    ca: authority,
    signingKey: SIGNING_KEY,
    idleMs: 7000,
    messages: RANGE.messages,
    isDisruptive: true,
    limits: { connectionsPerSecond: 1000 },
    settleMs: 20,
    ...more,
  });

const results = new Map<Server, Promise<ScanResult>>();

/** What a scan says of a server with one flaw. Each is scanned once, for the tests and for the page. */
function resultOf(server: Server): Promise<ScanResult> {
  const result = results.get(server) ?? scanWith(server);
  results.set(server, result);
  return result;
}

async function scanWith(server: Server): Promise<ScanResult> {
  const ends: (() => Promise<void>)[] = [];
  try {
    return await scanServer(server, (end) => ends.push(end));
  } finally {
    await Promise.all(ends.map((end) => end()));
  }
}

async function scanServer(server: Server, atEnd: AtEnd): Promise<ScanResult> {
  if (server === 'plaintext') {
    return scanRange(await startRangeServer([], '0.0.0.0', undefined, atEnd), { isAllowed: true });
  }
  const tls = server === 'none-over-tls' ? 'in-order' : TLS_FLAWS.find((flaw) => flaw === server);
  const flaws = server === 'none' || tls !== undefined ? [] : [server as Flaw];
  const target = await startRangeServer(flaws, '127.0.0.1', tls, atEnd);
  // Inflating takes its time, and what comes behind it waits.
  if (server === 'inflates-anything') return scanRange(target, { idleMs: 10_000 });
  // Waiting for a token to expire takes seconds: only where that tells anything.
  if (!ENDS.has(server)) return scanRange(target);
  const token = rangeToken(VISITOR, Math.floor(Date.now() / 1000) + 6);
  return scanRange(target, { expiring: { token }, logOut: LOG_OUTS.get(target) });
}

// It keeps this process busy, which everything else in it would notice.
const ALONE: readonly Flaw[] = ['inflates-anything'];
const SIDE_BY_SIDE = FLAWS.filter((flaw) => !ALONE.includes(flaw));

const ENDS: ReadonlySet<Server> = new Set(['none', 'none-over-tls', 'outlives-token', 'outlives-log-out']);

const idsOf = ({ outcomes }: ScanResult, wanted: string): readonly string[] =>
  outcomes.filter(({ outcome }) => outcome === wanted).map(({ check }) => check);

// A scan takes seconds, on a busy machine more.
describe('the range', { timeout: 120_000 }, () => {
  it('SC-06 gives a server in order an A, with every check but those of TLS done', async () => {
    const result = await resultOf('none');
    expect(idsOf(result, 'finding')).toEqual([]);
    expect(idsOf(result, 'not-tested')).toEqual(NOT_WITHOUT_TLS);
    expect(result.grade).toMatchObject({ letter: 'A', points: 100 });
    expect(result.dialect).toBe('nest-ws');
  });

  // A scan is for the most part waiting: several at a time take a fifth of the time.
  describe.each([
    { flaws: SIDE_BY_SIDE, concurrent: true },
    { flaws: ALONE, concurrent: false },
  ])('with one flaw', ({ flaws, concurrent }) => {
    it.each(flaws)('SC-05 SC-06 finds %s, and nothing else', { concurrent }, async (flaw) => {
      const result = await resultOf(flaw);
      expect(idsOf(result, 'finding')).toEqual(FOUND_BY[flaw]);
      for (const { outcome, evidence } of result.outcomes) expect(evidence.length > 0).toBe(outcome === 'finding');
    });
  });

  it('SC-06 gives a server in order over TLS an A, with every check done', async () => {
    const result = await resultOf('none-over-tls');
    expect([idsOf(result, 'finding'), idsOf(result, 'not-tested')]).toEqual([[], []]);
    expect(result.grade).toMatchObject({ letter: 'A', points: 100 });
  });

  it.concurrent.each(TLS_FLAWS)('SC-05 SC-06 finds %s, and nothing else', async (flaw) => {
    expect(idsOf(await resultOf(flaw), 'finding')).toEqual(FOUND_BEHIND_TLS[flaw]);
  });

  it('SC-06 finds that connections are not encrypted where somebody may listen in', async () => {
    const result = await resultOf('plaintext');
    expect(idsOf(result, 'finding')).toEqual(['plaintext']);
    expect(result.grade.letter).toBe('F');
  });

  it('SC-06 has a flaw for every check', async () => {
    const { outcomes } = await resultOf('none');
    const found = new Set([FOUND_BY, FOUND_BEHIND_TLS].flatMap((flaws) => Object.values(flaws).flat()));
    expect(outcomes.map(({ check }) => check).filter((check) => !found.has(check))).toEqual([]);
  });

  it('SC-08 reports nothing of the credentials, though the server sends them back', async () => {
    const result = await scanRange(
      await startRangeServer(FLAWS.filter((flaw) => flaw !== 'lenient-frames' && flaw !== 'dies')),
    );
    const report = JSON.stringify(result);
    expect(idsOf(result, 'finding').length).toBeGreaterThan(10);
    expect(report).not.toContain(RANGE.token);
    expect(report).not.toContain(RANGE.cookie);
    for (const secret of [RANGE.tokenB, RANGE.cookieB.slice(4), RANGE.expired]) expect(report).not.toContain(secret);
    expect(report).not.toContain(RANGE.cookie.slice(4));
  });

  it.concurrent(
    'AZ-04 SC-03 shows who was answered what, beside what is declared',
    async ({ onTestFinished: atEnd }) => {
      const { matrix } = await scanRange(await startRangeServer(['any-record'], '127.0.0.1', undefined, atEnd));
      const kinds = matrix?.rows.map(({ event, declared, reactions }) => [
        event,
        ...(matrix.columns.map((who) => reactions[who]?.kind) ?? []),
        declared,
      ]);
      expect(matrix?.columns).toEqual(['given', 'other', 'none', 'expired']);
      expect(kinds).toEqual([
        ['note.list', 'answered', 'answered', 'not-admitted', 'not-admitted', 'scope notes:read'],
        ['note.read', 'answered', 'answered', 'not-admitted', 'not-admitted', 'NoteOwner'],
        ['note.purge', 'refused', 'refused', 'not-admitted', 'not-admitted', 'nobody'],
        ['note.share', 'answered', 'refused', 'not-admitted', 'not-admitted', 'scope notes:read'],
      ]);
    },
  );

  it.concurrent(
    'AN-06 J09 finds a well-known secret without sending anything, and no other',
    async ({ onTestFinished: atEnd }) => {
      const target = await startRangeServer(['any-origin'], '127.0.0.1', undefined, atEnd);
      for (const [secret, outcome] of [
        ['your-256-bit-secret', 'finding'],
        ['a secret that stands nowhere', 'not-tested'],
      ] as const) {
        const { outcomes, spent } = await scanRange(target, {
          credentials: { cookie: RANGE.cookie, token: weakToken(secret) },
          limits: { connectionsPerSecond: 1000, maxConnections: 12 },
        });
        expect(outcomes.find(({ check }) => check === 'forged-token')).toMatchObject({ outcome });
        expect(spent.connections).toBe(12);
      }
    },
  );

  it.concurrent(
    'AZ-04 SC-04 has tested nothing where the second account opens no connection',
    async ({ onTestFinished: atEnd }) => {
      const other = { token: 'a-token-that-nobody-has-issued' };
      const { outcomes } = await scanRange(await startRangeServer(['any-record'], '127.0.0.1', undefined, atEnd), {
        other,
      });
      expect(outcomes.find(({ check }) => check === 'other-identity')).toMatchObject({
        outcome: 'not-tested',
        says: expect.stringContaining('401') as string,
      });
    },
  );

  it.concurrent(
    'AZ-04 is less sure without a lock, and silent about what the second account may send',
    async ({ onTestFinished: atEnd }) => {
      const target = await startRangeServer(['any-record'], '127.0.0.1', undefined, atEnd);
      const { outcomes } = await scanRange(target, { lock: undefined });
      expect(outcomes.find(({ check }) => check === 'other-identity')).toMatchObject({
        outcome: 'finding',
        confidence: 'tentative',
      });
      const shared = await scanRange(target, { shared: ['note.list', 'note.read'], lock: undefined });
      expect(idsOf(shared, 'finding')).toEqual([]);
    },
  );

  it('SC-04 says of a target that refuses it what was not tested, and gives no grade', async () => {
    const result = await scanRange(await startRangeServer([]), { credentials: {} });
    expect(result.baseline).toMatchObject({ isAccepted: false, says: expect.stringContaining('--token') as string });
    expect(idsOf(result, 'passed')).toEqual(['cookie-attributes']);
    expect(idsOf(result, 'finding')).toEqual([]);
    expect(result.grade.letter).toBeUndefined();
  });

  it('SC-02 stops at its budget, and reports the rest as not tested', async () => {
    const result = await scanRange(await startRangeServer(['any-origin']), {
      limits: { connectionsPerSecond: 1000, maxConnections: 5 },
    });
    expect(result.spent.connections).toBe(5);
    expect(idsOf(result, 'finding')).toContain('foreign-origin');
    expect(result.outcomes.find(({ check }) => check === 'broken-frames')).toMatchObject({
      outcome: 'not-tested',
      says: expect.stringContaining('--connections') as string,
    });
    // What was found by then is enough for an F.
    expect(result.grade).toMatchObject({ letter: 'F', tested: 1 });
  });

  it('SC-06 F49 is what the page of the guide says: npm run range writes it', async () => {
    const runs: RangeRun[] = [];
    const servers = { none: [], 'none-over-tls': [], plaintext: ['plaintext'], ...FOUND_BEHIND_TLS, ...FOUND_BY };
    for (const [server, foundBy] of Object.entries(servers)) {
      runs.push({ server, foundBy, result: await resultOf(server as Server) });
    }
    const scanWhole = (target: string, ...messages: string[]): Promise<ScanResult> =>
      scanRange(target, { messages, other: undefined, expired: undefined, shared: [], lock: undefined });
    const [onWs, onSocketIo, talker] = await Promise.all([
      scanWhole(await startNestOnWs(), '{"event":"note.add","data":"x"}'),
      scanWhole(await startNestOnSocketIo(), '42["note.purge",{}]', '42["note.add","x"]'),
      scanWhole(await startTalker((message) => [message]), 'hello'),
    ]);
    const whole = [
      { server: 'Nest over `ws`, without protection', result: onWs },
      { server: 'Nest over Socket.IO, without protection', result: onSocketIo },
      { server: '`ws`, with its defaults', result: talker },
    ];
    expect(whole.map(({ result }) => result.grade.letter)).toEqual(['F', 'F', 'F']);
    await expect(rangePage(runs, whole)).toMatchFileSnapshot('../../docs/guide/scanner-range.md');
  });
});
