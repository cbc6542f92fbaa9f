import type { KeyObject } from 'node:crypto';
import { Findings, type LinePlace, type TrailReport } from './chain-finding.js';
import { type ChainRecord, readChainLine, signerOf } from './chain-line.js';
import { readContent, type ReadMark } from './chain-mark-reader.js';
import { originOf } from '../file/rotated-files.js';
import { KeyOrder } from './key-order.js';
import { type RememberedHead, RememberedHeads } from './remembered-heads.js';
import { type AgeLimit, SignatureAges } from './signature-ages.js';
import { TrailBeginnings } from './trail-beginnings.js';
import { VerifiedChain } from './verified-chain.js';

/** A process that starts once a minute for a week. More are a file that somebody made, to fill memory. */
const MAX_CHAINS = 10_000;

/** As many chains as may begin in the middle: one of each node. Of more, what is not signed is not kept in mind. */
const MAX_CUT = 16;

/** What a trail is held against. */
export interface TrailExpectations extends AgeLimit {
  /** The public keys of Ed25519 that may have signed: that of today, and behind it those of before. */
  readonly keys: readonly KeyObject[];
  /** Whether the files must go back to the very first record. @default false */
  readonly isComplete?: boolean;
  /** What an earlier verification has seen. */
  readonly remembered?: readonly RememberedHead[];
}

/**
 * Verifies the lines of a trail, in the order in which they are given, with the memory of one record for each chain. Nothing
 * that stands in a line makes it throw.
 */
export class TrailVerifier {
  readonly #findings = new Findings();
  /** Up to which record chains were there, as those that go on from them say, which are not in front of them here. */
  readonly #expectedBefore = new Map<string, number>();
  readonly #chains = new Map<string, VerifiedChain>();
  readonly #remembered: RememberedHeads;
  #records = 0;
  /** Lines that are not records: the next one says whether the process has left them behind. */
  #torn: LinePlace | undefined;
  readonly #beginnings = new TrailBeginnings();
  readonly #ages: SignatureAges;
  readonly #keys = new KeyOrder(this.#findings);
  #hasTooMany = false;

  constructor(private readonly expected: TrailExpectations) {
    this.#remembered = new RememberedHeads(expected.remembered ?? []);
    this.#ages = new SignatureAges(expected);
  }

  /** @param line without its end; `undefined` for one that is longer than any record. */
  read(line: Buffer | undefined, place: LinePlace): void {
    const record = line === undefined ? undefined : readChainLine(line);
    const content = line === undefined || record === undefined ? undefined : readContent(line);
    if (record === undefined || content === undefined) {
      this.#refuseTorn();
      this.#torn = place;
      return;
    }
    this.#records++;
    const { mark, time, lost } = content;
    if (!record.isIntact) this.#findings.add('edited', place, 'the record is not the one that its hash was made of.');
    if (lost > 0) {
      const events = lost === 1 ? 'one event' : `${lost} events`;
      this.#findings.add(
        'gap',
        place,
        `the process lost ${events} for this file: they are not in front of this record.`,
      );
    }
    const key = mark === undefined ? -1 : this.#signer(record, mark, place);
    const isVouched = mark !== undefined && key !== -1;
    if (isVouched && mark.reason === 'shortened') {
      const { node = 'a node' } = mark;
      const problem = `${node} found the file shorter than it had left it: somebody has removed records in front of this one.`;
      this.#findings.add('cut-off', place, problem);
    }
    this.#settleTorn(record, mark, isVouched);
    const chain = this.#chains.get(record.id) ?? this.#begin(record, mark, isVouched, place);
    if (chain === undefined) return;
    if (mark?.type === 'audit.start' && record.seq === 0 && isVouched) this.#link(record.id, mark, place);
    if (this.#remembered.isOther(record.id, record.seq, record.hash)) {
      this.#findings.add('replaced', place, 'another record stood here when the trail was verified last.');
    }
    chain.add({ record, time, mark, isVouched }, place);
    if (!isVouched) return;
    this.#ages.add(record.id, time);
    this.#beginnings.sign(record.id, time, place);
    this.#keys.add({ id: record.id, node: mark.node, key, isStart: mark.type === 'audit.start' }, place);
  }

  /** What the verification comes to. */
  finish(): TrailReport {
    const findings = this.#findings;
    if (this.#torn !== undefined) {
      const { file, line } = this.#torn;
      findings.note(`${file}:${line} is not a whole record: it is being written, or the end was cut off.`);
    }
    this.#beginnings.judge(this.#chains, this.expected.isComplete ?? false, findings);
    const chains = [...this.#chains.values()].map((chain) => chain.report());
    this.#keys.judge(chains);
    this.#remembered.findLost(chains, (node) => this.#beginnings.removedBefore(node), findings);
    for (const { id, hasEnded, isContinued, signed } of chains) {
      if (isContinued && signed === undefined) {
        findings.note(
          `chain ${id} has no signed record: the process after it has signed what it found, whoever had written that.`,
        );
      }
      if (isContinued && !hasEnded) {
        findings.note(
          `chain ${id} was not closed: its process ended early, or its end was cut off before the next one started.`,
        );
      }
    }
    if (this.#records === 0) findings.add('unreadable', undefined, 'there is no record of a chain in these files.');
    else if (!chains.every(({ id }) => this.#beginnings.isUntold(id))) this.#ages.judge(chains, findings);
    return {
      ...{ records: this.#records, chains, findings: findings.list },
      ...{ furtherFindings: findings.further, isAsWritten: findings.areGaps, notes: findings.notes },
    };
  }

  /** Which of the keys vouches for a record; `-1` for none. */
  #signer(record: ChainRecord, mark: ReadMark, place: LinePlace): number {
    const key = signerOf(record, this.expected.keys);
    if (key !== -1) return record.isIntact ? key : -1;
    const how = record.signed === undefined ? 'is not signed' : 'is signed with another key';
    this.#findings.add('forged', place, `the ${mark.type} ${how}.`);
    return -1;
  }

  /** A chain that was not seen before. */
  #begin(
    record: ChainRecord,
    mark: ReadMark | undefined,
    isVouched: boolean,
    place: LinePlace,
  ): VerifiedChain | undefined {
    if (this.#chains.size >= MAX_CHAINS) {
      if (!this.#hasTooMany) this.#findings.add('unreadable', place, `there are more than ${MAX_CHAINS} chains.`);
      this.#hasTooMany = true;
      return undefined;
    }
    const isStart = mark?.type === 'audit.start';
    if (record.seq <= (this.#expectedBefore.get(record.id) ?? -1)) {
      this.#findings.add('reordered', place, `chain ${record.id} stands behind the one that goes on from it.`);
    }
    if (isStart !== (record.seq === 0)) {
      this.#findings.add('unreadable', place, 'an audit.start is record 0 of its chain, and no other one is.');
    }
    const isCut = !isStart && this.#beginnings.cut < MAX_CUT;
    const chain = new VerifiedChain(record, isCut, this.#findings);
    const movedFrom = isVouched && mark?.reason === 'moved' ? mark.lastWritten : undefined;
    this.#beginnings.add({ chain, place, seq: record.seq, start: isStart ? mark : undefined, movedFrom });
    this.#chains.set(record.id, chain);
    return chain;
  }

  /** Holds what a start says of the chain before it against what is there. */
  #link(own: string, mark: ReadMark, place: LinePlace): void {
    const { continues, gap, node = 'a node' } = mark;
    if (gap === 'unreadable') {
      this.#findings.add('gap', place, `${node} started, and could not read the record in front of it.`);
    } else if (gap !== undefined) {
      this.#findings.note(
        `${place.file}:${place.line}: ${node} started after a record that was not written to its end.`,
      );
    }
    if (continues === undefined) {
      if (this.#chains.size > 1) {
        this.#refuseInFront(own, node, place);
        const found = gap === undefined ? 'it found no file' : 'nothing vouches for the end of what is in front';
        this.#findings.note(`${place.file}:${place.line}: ${node} began a trail of its own: ${found}.`);
      }
      return;
    }
    const before = this.#chains.get(continues.id);
    if (before === undefined) this.#expectedBefore.set(continues.id, continues.seq);
    else before.vouchFor(continues, mark.node, place);
  }

  /**
   * A process that found an empty file had no records in front of its own. One that found no file would have gone on from
   * the newest that was put away: older ones of its path, of which nothing is signed, were not there, and are of nobody. What
   * lies at another path may be of another node.
   */
  #refuseInFront(own: string, node: string, place: LinePlace): void {
    for (const { id, isSigned, isContinued, file } of this.#chains.values()) {
      const isHere = file === place.file;
      if (id === own || isSigned || (isContinued && !isHere)) continue;
      if (originOf(file) !== originOf(place.file)) continue;
      const found = isHere ? 'began with an empty file' : 'found no file, or knows of no record in one';
      const where = isHere ? '' : ` in ${file}`;
      const problem = `${node} ${found}: chain ${id}${where} in front of it, of which nothing is signed, came later.`;
      this.#findings.add('unsigned', place, problem);
      this.#beginnings.suspect(id);
    }
  }

  #settleTorn(record: ChainRecord, mark: ReadMark | undefined, isVouched: boolean): void {
    if (mark?.type === 'audit.start' && record.seq === 0 && mark.gap !== undefined && isVouched) this.#torn = undefined;
    else this.#refuseTorn();
  }

  #refuseTorn(): void {
    const place = this.#torn;
    this.#torn = undefined;
    if (place !== undefined) this.#findings.add('unreadable', place, 'the line is not a record.');
  }
}
