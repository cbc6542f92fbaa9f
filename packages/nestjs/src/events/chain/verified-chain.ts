import type { ChainReport, Findings, LinePlace } from './chain-finding.js';
import type { ChainRecord } from './chain-line.js';
import type { ReadMark } from './chain-mark-reader.js';
import type { AnchorEvery, ChainLink } from './chain-marks.js';
import { NewestHashes } from './newest-hashes.js';

/** A record, with what it says. */
export interface ReadRecord {
  readonly record: ChainRecord;
  readonly time: string;
  readonly mark: ReadMark | undefined;
  /** Whether it is a mark that one of the keys has signed. */
  readonly isVouched: boolean;
}

/** As many records as a process may write without a signed one between them. */
const MAX_TAIL = 100_000;

/** One chain, as far as it was read. */
export class VerifiedChain {
  readonly #firstSeq: number;
  #lastSeq: number;
  #lastHash: string;
  #lastTime = '';
  #signed: ChainReport['signed'];
  #firstSigned: string | undefined;
  /** Up to which record something signed vouches. */
  #vouchedSeq = -1;
  #anchorEvery: AnchorEvery | undefined;
  #isLate = false;
  #hasEnded = false;
  #isContinued = false;
  #node: string | undefined;
  #file = '';
  /**
   * The hashes of the records that are not signed yet, up to the last one: the next process may vouch for any of them. None
   * where nothing was ever signed, so that a file that somebody made does not fill memory.
   */
  readonly #tail = new NewestHashes(MAX_TAIL);

  constructor(
    { seq, prev, id }: ChainRecord,
    /** Whether the files may begin in the middle of this one. */
    private readonly isBeginning: boolean,
    private readonly findings: Findings,
  ) {
    this.#firstSeq = seq;
    this.#lastSeq = seq - 1;
    this.#lastHash = prev;
    this.id = id;
  }

  readonly id: string;

  /** Whose it is, as a signed record says it. */
  get node(): string | undefined {
    return this.#node;
  }

  /** When its first signed record in these files was written. */
  get firstSigned(): string | undefined {
    return this.#firstSigned;
  }

  /** Whether a record of it was signed. */
  get isSigned(): boolean {
    return this.#signed !== undefined;
  }

  /** Whether a later chain says that it goes on from it. */
  get isContinued(): boolean {
    return this.#isContinued;
  }

  /** Where its last record is. */
  get file(): string {
    return this.#file;
  }

  /** Takes the next record of the chain. */
  add({ record, time, mark, isVouched }: ReadRecord, place: LinePlace): void {
    const { seq, prev, hash } = record;
    const { findings } = this;
    this.#file = place.file;
    if (seq <= this.#lastSeq) {
      findings.add('reordered', place, `record ${seq} stands behind record ${this.#lastSeq}, or is there twice.`);
      return;
    }
    if (this.#hasEnded) findings.add('after-end', place, `record ${seq} stands behind the end of its chain.`);
    const next = this.#lastSeq + 1;
    if (seq > next) {
      const which = seq - 1 === next ? `record ${next} is` : `records ${next} to ${seq - 1} are`;
      findings.add('missing', place, `${which} not there.`);
      // Nor are the signed ones among them.
      this.#isLate = true;
    } else if (prev !== this.#lastHash) {
      findings.add('replaced', place, `the record in front of it is not the one that it was written behind.`);
    }
    this.#lastSeq = seq;
    this.#lastHash = hash;
    this.#lastTime = time;
    if (!isVouched || mark === undefined) {
      if (this.#signed !== undefined || this.isBeginning) this.#tail.add(hash);
      this.#expectAnchor(time, place);
      return;
    }
    this.#tail.clear();
    this.#signed = { seq, time, ...place };
    this.#firstSigned ??= time;
    this.#node ??= mark.node;
    this.#vouchedSeq = seq;
    this.#anchorEvery = mark.anchorEvery;
    this.#isLate = false;
    if (mark.type === 'audit.end') this.#hasEnded = true;
  }

  /** A signed record of another chain, of a node, says what this one's last record was. */
  vouchFor({ seq, hash }: ChainLink, node: string | undefined, place: LinePlace): void {
    this.#isContinued = true;
    this.#node ??= node;
    // What one of its own records has signed needs nobody else, and nobody without the key can say something else of it.
    if (seq <= (this.#signed?.seq ?? -1)) return;
    if (this.#lastSeq < seq) {
      const missing = `records ${this.#lastSeq + 1} to ${seq}`;
      this.findings.add(
        'cut-off',
        place,
        `it goes on from record ${seq} of chain ${this.id}: ${missing} are not there.`,
      );
    } else if (this.#tail.before(this.#lastSeq - seq) !== hash) {
      this.findings.add('replaced', place, `it goes on from another record ${seq} of chain ${this.id}.`);
    } else {
      this.#vouchedSeq = Math.max(this.#vouchedSeq, seq);
    }
  }

  report(): ChainReport {
    return {
      ...{ id: this.id, node: this.#node, firstSeq: this.#firstSeq },
      ...{ lastSeq: this.#lastSeq, lastHash: this.#lastHash, lastTime: this.#lastTime },
      unvouched: this.#lastSeq - Math.max(this.#vouchedSeq, this.#firstSeq - 1),
      signed: this.#signed,
      hasEnded: this.#hasEnded,
      isContinued: this.#isContinued,
    };
  }

  /** The process signs so often that a record without a signed one near it is one that the signed ones were taken from. */
  #expectAnchor(time: string, place: LinePlace): void {
    const { records, ms } = this.#anchorEvery ?? { records: Infinity, ms: Infinity };
    const signed = this.#signed;
    if (signed === undefined || this.#isLate) return;
    const isLate = this.#lastSeq - signed.seq > records || Date.parse(time) - Date.parse(signed.time) >= ms;
    if (!isLate) return;
    this.#isLate = true;
    this.findings.add('unsigned', place, `a signed record should stand between record ${signed.seq} and this one.`);
  }
}
