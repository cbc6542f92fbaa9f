import { describe, expect, it } from 'vitest';
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
});
