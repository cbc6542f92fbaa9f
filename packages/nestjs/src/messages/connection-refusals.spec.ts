import { describe, expect, it } from 'vitest';
import { openPipeline } from '../../../../test/support/stub-pipeline.js';

describe('a run of refused messages', () => {
  it('DR-24 OD-01 is of one code: none is told in the frame of another', () => {
    const { pipeline, socket, engine, clock } = openPipeline(() => undefined, {
      throttling: { violations: { budget: Infinity } },
    });
    const texts = ['broken', '{"event":"nothing"}'];
    for (let at = 0; at < 10; at++) pipeline.onMessage(Buffer.from(texts[at % 2] ?? ''), false);
    for (let at = 0; at < 3; at++) pipeline.onMessage(Buffer.from('broken'), false);
    engine.expire(clock.monotonic());
    const told = socket.sent.map(({ messages, data }) => [data?.code, messages]);
    const alone = Array.from({ length: 10 }, (_, at) => [at % 2 === 0 ? 'BAD_MESSAGE' : 'FORBIDDEN', [at + 1, at + 1]]);
    expect(told).toEqual([...alone, ['BAD_MESSAGE', [11, 13]]]);
  });
});
