import { describe, expect, it } from 'vitest';
import type { ChainReport } from './chain-finding.js';
import { Findings } from './chain-finding.js';
import { KeyOrder } from './key-order.js';

const PLACE = { file: 'audit.jsonl', line: 1 };
const NEW = 0;
const OLD = 1;

describe('KeyOrder', () => {
  it('MO-08 lets a process finish its chain with the old key, while another one has started with the new one', () => {
    const findings = new Findings();
    const order = new KeyOrder(findings);
    const of = (id: string, key: number, isStart: boolean): void => order.add({ id, node: 'web', key, isStart }, PLACE);
    of('first', OLD, true);
    of('second', NEW, true);
    of('first', OLD, false);
    of('second', NEW, false);
    expect(findings.list).toEqual([]);
    of('second', OLD, false);
    expect(findings.list).toEqual([
      expect.objectContaining({ kind: 'retired', problem: expect.stringContaining('another key') as string }),
    ]);
  });

  it('MO-08 accuses nobody where a process with the old key still runs, and the oldest files of all were removed', () => {
    const findings = new Findings();
    const order = new KeyOrder(findings);
    const chain = (id: string, key: number, firstSeq: number): ChainReport => {
      order.add({ id, node: 'web', key, isStart: false }, PLACE);
      const signed = { ...PLACE, seq: 90, time: '2026-11-27T10:00:00.000Z' };
      const last = { lastSeq: 90, lastHash: 'h', lastTime: signed.time, unvouched: 0 };
      return { id, node: 'web', firstSeq, ...last, signed, hasEnded: false, isContinued: false };
    };
    const [started, runs] = [chain('new', NEW, 40), chain('old', OLD, 60)];
    order.judge([started, runs]);
    expect(findings.list).toEqual([]);
    // One that was gone on from is over: who has the old key has replaced what came after it.
    order.judge([{ ...started, isContinued: true }, runs]);
    expect(findings.list).toEqual([expect.objectContaining({ kind: 'retired' })]);
  });
});
