import { type KeyObject, randomBytes } from 'node:crypto';
import { toLine } from '../../core/visible-text.js';
import { writeChainLine, NO_HASH } from './chain-line.js';
import type { AnchorEvery, AnchorReason, ChainLink, ChainMark, StartMark } from './chain-marks.js';

/** How a chain is written. */
export interface AuditChainSettings {
  /** An Ed25519 key. */
  readonly key: KeyObject;
  readonly node: string;
  readonly anchorEveryRecords: number;
  readonly anchorEveryMs: number;
}

/** What a chain goes on from. */
export type ChainOrigin = Pick<StartMark, 'continues' | 'gap'>;

interface ChainState {
  readonly seq: number;
  readonly prev: string;
  /** How many records came after the last one that was signed. */
  readonly unsigned: number;
  /** The wall-clock moment of that one. */
  readonly anchoredAt: number;
  /** When it was written to last: in front of that moment the path led to its file. */
  readonly writtenAt: number;
}

/**
 * Writes records so that each one names the hash of the one before it, and every so often one is signed: whoever has the
 * public key can tell that nothing was edited, removed, added or reordered in front of it (OWASP ASVS 5.0 16.4.2).
 *
 * Nothing is written anywhere: {@link keep} says that the lines of before have arrived, {@link drop} that they have not, and
 * that their places are free again.
 */
export class AuditChain {
  readonly id = randomBytes(16).toString('base64url');
  #kept: ChainState;
  #state: ChainState;

  constructor(
    private readonly settings: AuditChainSettings,
    private readonly origin: ChainOrigin,
  ) {
    this.#state = { seq: 0, prev: origin.continues?.hash ?? NO_HASH, unsigned: 0, anchoredAt: 0, writtenAt: 0 };
    this.#kept = this.#state;
  }

  /** The last record that has arrived; `undefined` where there is none. */
  get last(): ChainLink | undefined {
    const { seq, prev } = this.#kept;
    return seq === 0 ? undefined : { id: this.id, seq: seq - 1, hash: prev };
  }

  /** What a chain in its place goes on from: the last record that has arrived, or what this one would have gone on from. */
  get whereItStands(): ChainOrigin {
    return this.last === undefined ? this.origin : { continues: this.last };
  }

  /** Whether the last record that has arrived vouches for all of them. */
  get isSigned(): boolean {
    return this.#kept.seq > 0 && this.#kept.unsigned === 0;
  }

  /** The records of some events, with the signed ones that are due between them: lines without their ends. */
  link(events: readonly object[], now: number): string[] {
    const lines = this.#state.seq === 0 ? [this.#start(now)] : [];
    for (const event of events) {
      const { unsigned, anchoredAt } = this.#state;
      const { anchorEveryRecords, anchorEveryMs } = this.settings;
      // In front of the record: none is further from a signed one than was said, whatever the wall clock does.
      if (Math.abs(now - anchoredAt) >= anchorEveryMs) lines.push(this.#mark('time', now));
      else if (unsigned >= anchorEveryRecords) lines.push(this.#mark('count', now));
      // The clock was set back while the event waited: it is later than what is signed, and whoever verifies knows no other time.
      const time = timeOf(event);
      if (time - this.#state.anchoredAt >= anchorEveryMs) {
        lines.push(this.#mark('time', time - now >= anchorEveryMs ? time : now));
      }
      lines.push(this.#add(toLine(event)));
    }
    this.#state = { ...this.#state, writtenAt: now };
    return lines;
  }

  /** A signed record: the start of the chain, where there is none yet and the reason is no news. */
  anchor(reason: AnchorReason, now: number): string[] {
    const lines = this.#state.seq === 0 ? [this.#start(now)] : [];
    if (lines.length === 0 || reason === 'shortened') lines.push(this.#mark(reason, now));
    this.#state = { ...this.#state, writtenAt: now };
    return lines;
  }

  /** What was linked has arrived. */
  keep(): void {
    this.#kept = this.#state;
  }

  /** What was linked since has not. */
  drop(): void {
    this.#state = this.#kept;
  }

  #start(now: number): string {
    const time = new Date(now).toISOString();
    const { node } = this.settings;
    return this.#sign({ type: 'audit.start', time, node, ...this.origin, anchorEvery: this.#anchorEvery }, now);
  }

  #mark(reason: AnchorReason, now: number): string {
    const time = new Date(now).toISOString();
    const type = reason === 'closed' ? 'audit.end' : 'audit.anchor';
    const left = reason === 'moved' && { lastWritten: new Date(this.#kept.writtenAt).toISOString() };
    return this.#sign({ type, time, node: this.settings.node, reason, ...left, anchorEvery: this.#anchorEvery }, now);
  }

  get #anchorEvery(): AnchorEvery {
    return { records: this.settings.anchorEveryRecords, ms: this.settings.anchorEveryMs };
  }

  #sign(mark: ChainMark, now: number): string {
    const line = this.#add(toLine(mark), this.settings.key);
    this.#state = { ...this.#state, unsigned: 0, anchoredAt: now };
    return line;
  }

  #add(json: string, key?: KeyObject): string {
    const { seq, prev, unsigned } = this.#state;
    const { line, hash } = writeChainLine(json, { id: this.id, seq, prev }, key);
    this.#state = { ...this.#state, seq: seq + 1, prev: hash, unsigned: unsigned + 1 };
    return line;
  }
}

/** When an event was told, in milliseconds since 1970; `NaN` for what does not say it. */
function timeOf(event: object): number {
  const { time } = event as { readonly time?: unknown };
  return typeof time === 'string' ? Date.parse(time) : NaN;
}
