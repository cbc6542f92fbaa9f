import { describe, expect, it } from 'vitest';
import { readContent } from './chain-mark-reader.js';

const TIME = '2026-11-27T10:00:00.000Z';
const EVERY = { records: 5, ms: 1000 };
const LINK = { id: 'c', seq: 4, hash: 'h' };
const read = (value: unknown) => readContent(Buffer.from(JSON.stringify(value)));

describe('readContent', () => {
  it('MO-08 reads events and marks', () => {
    expect(read({ type: 'ws.drain.started', time: TIME })).toEqual({ time: TIME, mark: undefined, lost: 0 });
    const loss = { type: 'ws.audit.dropped', dropped: 1, failed: 2, time: TIME };
    // Of whatever class: a bundler shortens names, and an application extends the sink.
    expect(read({ ...loss, sink: 'OrdersFileSink', own: true })?.lost).toBe(3);
    expect(read({ ...loss, sink: 'FileSink' })?.lost).toBe(0);
    expect(read({ ...loss, sink: 'FileSink', own: true, failed: 'x' })?.lost).toBe(1);
    const start = { type: 'audit.start', anchorEvery: EVERY, node: 'web-1', continues: LINK, gap: 'torn' };
    expect(read({ ...start, time: TIME })).toEqual({ time: TIME, mark: { ...start, lastWritten: NaN }, lost: 0 });
  });

  it.each<[what: string, value: unknown]>([
    ['a list', []],
    ['a record without a type', { time: TIME }],
    ['a time that is no date', { type: 'ws.drain.started', time: 'yesterday' }],
    ['a mark that does not say how often it comes', { type: 'audit.anchor', time: TIME }],
    ['a mark that comes a negative number of times', { type: 'audit.anchor', time: TIME, anchorEvery: { ...EVERY, ms: -1 } }],
    ['a start that goes on from nothing', { type: 'audit.start', time: TIME, anchorEvery: EVERY, continues: {} }],
    ['a start that goes on from half a record', { type: 'audit.start', time: TIME, anchorEvery: EVERY, continues: { ...LINK, seq: 0.5 } }],
  ])('MO-08 takes %s for no record', (_, value) => {
    expect(read(value)).toBeUndefined();
  }); // prettier-ignore
});
