import { describe, expect, it } from 'vitest';
import type { MetricSource } from './collect-metrics.js';
import { MeasuredTogether } from './measured-together.js';
import { MessageTraffic } from './message-traffic.js';

const MESSAGE = { event: 'echo', path: '/', bytes: 10, result: 'handled' } as const;

/** An application that has handled messages, and keeps count of so many addresses. */
function application(messages: number, limiterKeys: number): MetricSource {
  const traffic = new MessageTraffic(() => 'echo');
  for (let i = 0; i < messages; i++) traffic.onMessage(MESSAGE as never);
  const figures = { limiterKeys, counts: {}, connections: {}, audit: [] } as unknown as MetricSource['figures'];
  return { traffic, durations: undefined, figures };
}

describe('MeasuredTogether', () => {
  it('MO-10 keeps what a closed application has counted, and nothing of what it had at the moment', () => {
    const together = new MeasuredTogether();
    const [first, second] = [application(5, 100), application(2, 3)];
    together.add(first);
    together.add(second);
    const valueOf = (key: 'messagesReceived' | 'limiterKeys') =>
      together.lines(key).find(({ labels }) => (labels['result'] ?? 'handled') === 'handled')?.value;
    expect([valueOf('messagesReceived'), valueOf('limiterKeys')]).toEqual([7, 103]);
    expect(together.remove(first)).toBe(false);
    expect([valueOf('messagesReceived'), valueOf('limiterKeys')]).toEqual([7, 3]);
    expect(together.remove(first)).toBe(false);
    expect(valueOf('messagesReceived')).toBe(7);
    expect(together.remove(second)).toBe(true);
  });
});
