import { excerpt } from '../../core/visible-text.js';
import type { ChainFinding, ChainReport, TrailReport } from '../../events/chain/chain-finding.js';

/** Names in a hostile file are as long as it likes. */
const MAX_TEXT = 500;

/** What a verification has found, for a terminal. */
export function reportLines({ records, chains, findings, furtherFindings, notes }: TrailReport): readonly string[] {
  const lines = [
    ...findings.map(findingLine),
    ...(furtherFindings > 0 ? [`... and ${furtherFindings} more`] : []),
    ...(findings.length > 0 ? [''] : []),
    ...notes.map((text) => `note  ${text}`),
    ...chains.map(chainLine),
    '',
    findings.length === 0 ? whole(records, chains) : broken(findings, furtherFindings),
  ];
  return lines.map((line) => excerpt(line, MAX_TEXT));
}

function findingLine({ kind, file, line, problem }: ChainFinding): string {
  const where = file === undefined ? '' : `${file}:${line ?? 0}: `;
  return `${kind === 'not-given' ? 'UNKNOWN' : 'WRONG'} ${kind.padEnd(10)} ${where}${problem}`;
}

function chainLine({ id, node, firstSeq, lastSeq, signed, unvouched, hasEnded }: ChainReport): string {
  const whose = node === undefined ? '' : ` of ${node}`;
  const end = hasEnded ? ', closed' : unvouched > 0 ? `, ${unvouched} of them after the last signature` : '';
  const last =
    signed === undefined ? 'no record is signed' : `last signed: record ${signed.seq} (${signed.file}:${signed.line})`;
  return `chain ${id}${whose}: records ${firstSeq} to ${lastSeq}${end}; ${last}`;
}

function broken(findings: readonly ChainFinding[], further: number): string {
  const wrong = findings.filter(({ kind }) => kind !== 'not-given').length;
  if (wrong === 0) return 'Whether it is as it was written, these files alone do not tell.';
  return wrong + further === 1
    ? 'One thing is wrong with this trail.'
    : `${wrong + further} things are wrong with this trail.`;
}

function whole(records: number, chains: readonly ChainReport[]): string {
  const open = chains.reduce((sum, { unvouched }) => sum + unvouched, 0);
  const all = `${records} record${records === 1 ? '' : 's'}`;
  const tail = open === 0 ? '' : ` ${open} came after a last signature: nothing but the next one vouches for them.`;
  return `${all}: nothing was edited, removed, added or reordered in front of the last signature.${tail}`;
}
