import { scan, type ScanOptions, type ScanResult } from '@secure-ws/scanner';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Flaw, RANGE } from '../range-server.js';
import { startTalker } from '../talker.js';
import { startSpeaker } from './speaker.js';
import { SPEAKERS } from './speakers.js';

const scanFast = (target: string, more: Partial<ScanOptions> = {}): Promise<ScanResult> =>
  scan({
    target,
    origin: RANGE.origin,
    credentials: { token: RANGE.token },
    other: { token: RANGE.tokenB },
    expired: { token: RANGE.expired },
    isDisruptive: true,
    limits: { connectionsPerSecond: 1000 },
    settleMs: 20,
    ...more,
  });

const idsOf = ({ outcomes }: ScanResult, wanted: string): readonly string[] =>
  outcomes.filter(({ outcome }) => outcome === wanted).map(({ check }) => check);

/** What stands in messages, and not in the handshake. */
const FLAWS: readonly Flaw[] = [
  'expired-token',
  'unverified-tokens',
  'any-record',
  'told-apart',
  'huge-messages',
  'any-message-rate',
  'stack-trace',
];

describe.each(SPEAKERS)('%s', { timeout: 120_000 }, (dialect, speaker) => {
  const { messages } = speaker;
  // graphql-ws writes each broken frame to the console.
  beforeEach(() => {
    const spy = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    return () => spy.mockRestore();
  });

  const shared =
    dialect.startsWith('graphql') || dialect.startsWith('subscr') ? ['noteList'] : ['note.list', '/app/note.list'];

  it('SC-04 is recognised without a word from the caller, by what only it answers', async () => {
    const target = await startSpeaker(speaker);
    const result = await scanFast(target, { limits: { connectionsPerSecond: 1000, maxConnections: 25 } });
    expect([result.dialect, result.recognition?.confidence]).toEqual([dialect, 'certain']);
  });

  it('SC-05 SC-06 finds nothing in a server in order, and has not passed what it could not test', async () => {
    const result = await scanFast(await startSpeaker(speaker), { messages, shared });
    expect(result.outcomes.filter(({ outcome }) => outcome === 'finding')).toEqual([]);
    expect([result.dialect, result.recognition?.confidence]).toEqual([dialect, 'certain']);
    expect(result.grade).toMatchObject({ letter: 'A', points: 100 });
    expect(idsOf(result, 'passed')).toEqual(
      expect.arrayContaining([
        'unauthenticated',
        'expired-credential',
        'other-identity',
        'oversized-message',
        'forged-token',
        'error-leaks',
        'broken-frames',
        'message-rate',
      ]),
    );
    const graphql = dialect === 'graphql-ws' || dialect === 'subscriptions-transport-ws';
    expect(idsOf(result, 'not-tested')).toEqual([
      'plaintext',
      'missing-origin',
      'declared-access',
      ...(graphql ? ['event-enumeration'] : []),
    ]);
  });

  it('SC-05 SC-06 finds what is wrong with its messages', async () => {
    const result = await scanFast(await startSpeaker(speaker, FLAWS), { messages, shared });
    const graphql = dialect === 'graphql-ws' || dialect === 'subscriptions-transport-ws';
    expect(idsOf(result, 'finding')).toEqual([
      'expired-credential',
      'other-identity',
      ...(graphql ? [] : ['event-enumeration']),
      'oversized-message',
      'forged-token',
      'error-leaks',
      'message-rate',
    ]);
  });

  it('AN-01 SC-06 finds that nobody is asked who he is', async () => {
    const result = await scanFast(await startSpeaker(speaker, ['anonymous']), { messages, shared });
    expect(idsOf(result, 'finding')).toEqual(['unauthenticated']);
  });
});

describe('what is none of the dialects', { timeout: 120_000 }, () => {
  it.each([
    ['sends back what comes', (message: string) => [message]],
    ['says nothing', () => []],
    ['answers everything with an empty object', () => ['{}']],
    ['answers everything with an acknowledgement', () => ['{"type":"ok"}']],
  ])('SC-04 is not taken for one: it %s', async (_, answers) => {
    const result = await scanFast(await startTalker(answers), {
      limits: { connectionsPerSecond: 1000, maxConnections: 25 },
    });
    expect([result.dialect, result.recognition?.confidence]).toEqual(['json', 'tentative']);
  });
});
