import { describe, expect, it } from 'vitest';
import { Findings } from './chain-finding.js';
import { type ReadRecord, VerifiedChain } from './verified-chain.js';

const PLACE = { file: 'audit.jsonl', line: 1 };
const record = (seq: number) => ({
  id: 'c',
  seq,
  prev: `h${seq - 1}`,
  hash: `h${seq}`,
  isIntact: true,
  signed: undefined,
});
const read = (seq: number, isVouched = false): ReadRecord => ({
  record: record(seq),
  time: '2026-11-27T10:00:00.000Z',
  mark: isVouched
    ? { type: 'audit.anchor', anchorEvery: { records: 1_000_000, ms: 1000 }, node: 'n', continues: undefined, gap: undefined, reason: undefined, lastWritten: NaN }
    : undefined,
  isVouched,
}); // prettier-ignore

/** A chain of `count` records, of which the first is signed or none. */
function chainOf(count: number, isSigned: boolean, findings: Findings, isBeginning = false): VerifiedChain {
  const chain = new VerifiedChain(record(0), isBeginning, findings);
  for (let seq = 0; seq < count; seq++) chain.add(read(seq, isSigned && seq === 0), PLACE);
  return chain;
}

describe('VerifiedChain', () => {
  it('MO-08 remembers no more records that nothing vouches for than a process may write between two signed ones', () => {
    const findings = new Findings();
    chainOf(100_001, true, findings).vouchFor({ id: 'c', seq: 1, hash: 'h1' }, 'web-1', PLACE);
    expect(findings.list).toEqual([]);
    chainOf(100_002, true, findings).vouchFor({ id: 'c', seq: 1, hash: 'h1' }, 'web-1', PLACE);
    expect(findings.list).toMatchObject([{ kind: 'replaced' }]);
  });

  it('MO-08 remembers nothing of a chain in which nothing was ever signed, unless the files begin in it', () => {
    const findings = new Findings();
    chainOf(10, false, findings).vouchFor({ id: 'c', seq: 5, hash: 'h5' }, 'web-1', PLACE);
    expect(findings.list).toMatchObject([{ kind: 'replaced' }]);
    const beginning = chainOf(10, false, findings, true);
    beginning.vouchFor({ id: 'c', seq: 5, hash: 'h5' }, 'web-1', PLACE);
    expect(findings.list).toHaveLength(1);
    expect(beginning.report()).toMatchObject({ unvouched: 4, isContinued: true });
  });
});

describe('Findings', () => {
  it('MO-08 holds so many findings and notes, and counts the findings that are further ones', () => {
    const findings = new Findings();
    for (let i = 0; i < 1000; i++) {
      findings.add('edited', PLACE, 'p');
      findings.note('n');
    }
    expect([findings.list.length, findings.further, findings.notes.length]).toEqual([200, 800, 100]);
  });
});
