import { scan, type ScanResult } from '@secure-ws/scanner';
import { describe, expect, it } from 'vitest';
import { startTalker } from './talker.js';

const MIB = 1_048_576;

const scanTalker = (target: string): Promise<ScanResult> =>
  scan({ target, messages: ['hello'], settleMs: 20, limits: { connectionsPerSecond: 1000 } });

const outcomeOf = ({ outcomes }: ScanResult, id: string): unknown => outcomes.find(({ check }) => check === id);

describe('a server that sends much', { timeout: 120_000 }, () => {
  it('SC-04 is heard out where it sends a large message back: it was taken', async () => {
    const result = await scanTalker(await startTalker((message) => [message]));
    expect(outcomeOf(result, 'oversized-message')).toMatchObject({ outcome: 'finding' });
    expect(outcomeOf(result, 'error-leaks')).toMatchObject({ outcome: 'passed' });
  });

  it.each([
    ['in one message', ['x'.repeat(8 * MIB)]],
    ['in many', Array.from({ length: 8 }, () => 'x'.repeat(MIB))],
  ])('SC-04 has passed nothing by it, when the scanner stops reading what comes %s', async (_, flood) => {
    const result = await scanTalker(await startTalker(() => flood));
    for (const check of ['unauthenticated', 'oversized-message']) {
      expect(outcomeOf(result, check)).toMatchObject({
        outcome: 'not-tested',
        says: expect.stringMatching(/^The server sent .* and the scanner ended the session\.$/) as string,
      });
    }
  });

  it('SC-04 has refused no handshake by it', async () => {
    const { baseline, outcomes, grade } = await scanTalker(await startTalker(() => [], ['x'.repeat(2 * MIB)]));
    expect(baseline).toMatchObject({
      isAccepted: false,
      says: expect.stringContaining('and the scanner ended the connection') as string,
    });
    expect(outcomes.filter(({ outcome }) => outcome === 'passed')).toEqual([]);
    expect(grade.letter).toBeUndefined();
  });
});
