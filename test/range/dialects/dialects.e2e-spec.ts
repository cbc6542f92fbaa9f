import { scan, type DialectId, type ScanOptions, type ScanResult } from '@secure-ws/scanner';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Flaw } from '../range-flaws.js';
import { RANGE } from '../range-server.js';
import { startTalker } from '../talker.js';
import { type DialectRuns, dialectsPage } from './dialects-page.js';
import { startSpeaker } from './speaker.js';
import { SPEAKERS } from './speakers.js';

const scanFast = (target: string, more: Partial<ScanOptions> = {}): Promise<ScanResult> =>
  scan({
    target,
    origin: RANGE.origin,
    credentials: { token: RANGE.token },
    other: { token: RANGE.tokenB },
    expired: { token: RANGE.expired },
    shared: ['note.list', '/app/note.list', 'noteList'],
    isDisruptive: true,
    limits: { connectionsPerSecond: 1000 },
    settleMs: 20,
    answerMs: 2000,
    idleMs: 6000,
    ...more,
  });

const idsOf = ({ outcomes }: ScanResult, wanted: string): readonly string[] =>
  outcomes.filter(({ outcome }) => outcome === wanted).map(({ check }) => check);

/** What stands in messages, and not in the handshake. */
const FLAWED: readonly Flaw[] = [
  'expired-token',
  'unverified-tokens',
  'any-record',
  'told-apart',
  'huge-messages',
  'any-message-rate',
  'stack-trace',
];

/** The checks that talk. */
const OF_MESSAGES = [
  ...['unauthenticated', 'expired-credential', 'other-identity', 'event-enumeration', 'binary-frames', 'fragments'],
  ...['deep-nesting', 'prototype-keys', 'injection', 'oversized-message', 'forged-token', 'error-leaks', 'crash'],
  ...['broken-frames', 'message-rate', 'decompression-bomb'],
];

/** A schema is public: what it does not have may be told from what is forbidden. */
const enumerationIn = (dialect: DialectId): readonly string[] =>
  ['graphql-ws', 'subscriptions-transport-ws'].includes(dialect) ? [] : ['event-enumeration'];

const results = new Map<string, Promise<ScanResult>>();

/** What a scan says of a server of a dialect. Each is scanned once, for the tests and for the page. */
function resultOf(dialect: DialectId, flaws: readonly Flaw[]): Promise<ScanResult> {
  const key = [dialect, ...flaws].join();
  const result = results.get(key) ?? scanSpeaker(dialect, flaws);
  results.set(key, result);
  return result;
}

async function scanSpeaker(dialect: DialectId, flaws: readonly Flaw[]): Promise<ScanResult> {
  const [, speaker] = SPEAKERS.find(([id]) => id === dialect) ?? [];
  if (speaker === undefined) throw new Error(`Nobody speaks ${dialect}.`);
  // The flaws are those of messages: what stands in the handshake is looked at once.
  const ends: (() => Promise<void>)[] = [];
  const target = await startSpeaker(speaker, flaws, (end) => ends.push(end));
  try {
    return await scanFast(target, {
      messages: speaker.messages,
      checks: flaws.length === 0 ? undefined : OF_MESSAGES,
    });
  } finally {
    await Promise.all(ends.map((end) => end()));
  }
}

// graphql-ws writes each broken frame to the console.
beforeAll(() => {
  const spy = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  return () => spy.mockRestore();
});

describe.each(SPEAKERS)('%s', { timeout: 120_000 }, (dialect, speaker) => {
  it('SC-04 is recognised without a word from the caller, by what only it answers', async ({ onTestFinished }) => {
    const limits = { connectionsPerSecond: 1000, maxConnections: 25 };
    const { recognition, ...result } = await scanFast(await startSpeaker(speaker, [], onTestFinished), { limits });
    expect([result.dialect, recognition?.confidence]).toEqual([dialect, 'certain']);
  });

  it('SC-05 SC-06 finds nothing in a server in order, and has passed what it could test', async () => {
    const { recognition, ...result } = await resultOf(dialect, []);
    expect(result.outcomes.filter(({ outcome }) => outcome === 'finding')).toEqual([]);
    expect([result.dialect, recognition?.confidence]).toEqual([dialect, 'certain']);
    expect(result.grade).toMatchObject({ letter: 'A', points: 100 });
    expect(idsOf(result, 'passed')).toEqual(
      expect.arrayContaining([
        'unauthenticated',
        'expired-credential',
        'other-identity',
        ...enumerationIn(dialect),
        'oversized-message',
        'forged-token',
        'error-leaks',
        'binary-frames',
        'fragments',
        'crash',
        'broken-frames',
        'message-rate',
        'decompression-bomb',
        'idle-connections',
      ]),
    );
  });

  it('SC-05 SC-06 finds what is wrong with its messages', async () => {
    expect(idsOf(await resultOf(dialect, FLAWED), 'finding')).toEqual([
      'expired-credential',
      'other-identity',
      ...enumerationIn(dialect),
      'oversized-message',
      'forged-token',
      'error-leaks',
      'message-rate',
    ]);
  });

  it('AN-01 SC-06 finds that nobody is asked who he is', async () => {
    expect(idsOf(await resultOf(dialect, ['anonymous']), 'finding')).toEqual(['unauthenticated']);
  });
});

describe('what is none of the dialects', { timeout: 120_000 }, () => {
  it.each([
    ['sends back what comes', (message: string) => [message]],
    ['says nothing', () => []],
    ['answers everything with an empty object', () => ['{}']],
    ['answers everything with an acknowledgement', () => ['{"type":"ok"}']],
  ])('SC-04 is not taken for one: it %s', async (_, answers) => {
    const limits = { connectionsPerSecond: 1000, maxConnections: 25 };
    const { recognition, dialect } = await scanFast(await startTalker(answers), { limits });
    expect([dialect, recognition?.confidence]).toEqual(['json', 'tentative']);
  });
});

it('SC-06 F49 is what the page of the guide says: npm run range writes it', { timeout: 120_000 }, async () => {
  const runs: DialectRuns[] = [];
  for (const [dialect] of SPEAKERS) {
    const flawed = [await resultOf(dialect, FLAWED), await resultOf(dialect, ['anonymous'])];
    runs.push({ dialect, inOrder: await resultOf(dialect, []), flawed });
  }
  await expect(dialectsPage(runs)).toMatchFileSnapshot('../../../docs/guide/scanner-range-dialects.md');
});
