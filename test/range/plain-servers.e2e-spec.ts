import { scan, type ScanOptions, type ScanResult } from '@secure-ws/scanner';
import { describe, expect, it } from 'vitest';
import { RANGE } from './range-server.js';
import { phoenix } from './dialects/phoenix-speaker.js';
import { startSpeaker } from './dialects/speaker.js';
import { startTalker } from './talker.js';

const scanFast = (target: string, more: Partial<ScanOptions> = {}): Promise<ScanResult> =>
  scan({
    target,
    credentials: { token: RANGE.token },
    other: { token: RANGE.tokenB },
    limits: { connectionsPerSecond: 1000 },
    settleMs: 50,
    answerMs: 500,
    ...more,
  });

const verdictOf = ({ outcomes }: ScanResult, check: string): unknown =>
  outcomes.find((each) => each.check === check)?.outcome;

/** The texts of a message; none of one that is not JSON. */
function fieldsOf(message: string): Readonly<Record<string, string | undefined>> {
  try {
    return { ...(JSON.parse(message) as Record<string, string>) };
  } catch {
    return {};
  }
}

/** What the checks of messages say of a server that is not to blame for anything that they look for. */
const OF_MESSAGES = ['unauthenticated', 'other-identity', 'event-enumeration', 'error-leaks'];

describe('a server that resembles a weak one', { timeout: 120_000 }, () => {
  it('AN-01 SC-04 is not taken to answer nobody where it talks by itself', async () => {
    let price = 100;
    const target = await startTalker(
      () => [],
      [],
      () => [JSON.stringify({ type: 'price', symbol: `S${price++ % 7}`, price })],
    );
    for (const messages of [[], ['{"type":"order.cancel","orderId":7}']]) {
      const result = await scanFast(target, { messages });
      expect(OF_MESSAGES.map((check) => verdictOf(result, check))).not.toContain('finding');
    }
  });

  it('AN-01 AZ-04 SC-04 is not blamed for a token that stands in a captured message: nobody else sends it', async () => {
    const users = new Map<string, string>([
      [RANGE.token, 'alice'],
      [RANGE.tokenB, 'bob'],
    ]);
    const target = await startTalker((message) => {
      const { type, token = '' } = fieldsOf(message);
      const isKnown = type === 'auth' && users.has(token);
      return [
        JSON.stringify(isKnown ? { type: 'auth.ok', user: users.get(token) } : { type: 'error', code: 'FORBIDDEN' }),
      ];
    });
    const messages = [`{"type":"auth","token":"${RANGE.token}"}`, '{"type":"order.cancel","orderId":7}'];
    const result = await scanFast(target, { messages });
    expect(OF_MESSAGES.map((check) => verdictOf(result, check))).not.toContain('finding');
    expect(result.matrix?.rows[0]?.reactions).toMatchObject({
      given: { kind: 'answered', shows: expect.stringContaining('alice') as string },
      other: { kind: 'answered', shows: expect.stringContaining('bob') as string },
      none: { kind: 'refused' },
    });
  });

  it.each([
    ['{"success":false,"message":"Login first"}'],
    ['{"error":"login first"}'],
    ['{"status":401}'],
    ['{"code":"UNAUTHENTICATED"}'],
    ['Unauthorized'],
  ])('AN-01 SC-04 has answered nobody by %s', async (refusal) => {
    const result = await scanFast(await startTalker(() => [refusal]));
    expect(verdictOf(result, 'unauthenticated')).toBe('not-tested');
  });

  it('AZ-12 SC-04 is not told apart by the name that it says back', async () => {
    const target = await startTalker((message) => {
      const { event } = fieldsOf(message);
      return [JSON.stringify({ event: 'error', data: { code: 'FORBIDDEN', event } })];
    });
    const result = await scanFast(target, { messages: ['{"event":"note.purge","data":{}}'] });
    expect(verdictOf(result, 'event-enumeration')).toBe('passed');
  });

  it('DR-01 DR-05 SC-04 has no limit of sizes or rates where it ends the connection at every message', async () => {
    const target = await startTalker(() => 'close');
    const result = await scanFast(target, { messages: ['{"event":"note.purge","data":{}}'], isDisruptive: true });
    const seen = ['unauthenticated', 'oversized-message', 'message-rate'].map((check) => verdictOf(result, check));
    expect(seen).toEqual(['not-tested', 'not-tested', 'not-tested']);
  });

  it('SC-04 is kept from ending an idle connection, as a client of its dialect does', async () => {
    const heard: string[] = [];
    const target = await startSpeaker({
      ...phoenix,
      serve(client, app, request) {
        client.on('message', (data: Buffer) => heard.push(data.toString()));
        phoenix.serve?.(client, app, request);
      },
    });
    await scanFast(target, { origin: RANGE.origin, messages: phoenix.messages });
    expect(heard).toContain('[null,"scan-heartbeat","phoenix","heartbeat",{}]');
  });
});
