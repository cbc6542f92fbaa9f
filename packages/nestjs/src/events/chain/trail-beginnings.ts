import { originOf } from '../file/rotated-files.js';
import type { Findings, LinePlace } from './chain-finding.js';
import type { ReadMark } from './chain-mark-reader.js';
import type { VerifiedChain } from './verified-chain.js';

/**
 * What one process signs first in the next file may say a moment in front of what another one has written to the last one: it
 * waited for the disk, or for the lock, which is taken over after as long.
 */
const PUT_AWAY_MS = 10_000;

/** How a chain begins in the files. */
interface Opening {
  readonly chain: VerifiedChain;
  readonly place: LinePlace;
  /** Its first record in these files. */
  readonly seq: number;
  /** What its start says; `undefined` where that is not here. */
  readonly start: ReadMark | undefined;
  /**
   * Where its process has signed there that its file was put away by somebody else, such as another process: when it last wrote
   * to that file, in milliseconds since 1970, or `NaN`.
   */
  readonly movedFrom: number | undefined;
}

/** A path whose oldest files were removed. */
interface CutPath {
  /** The oldest file that there is. */
  readonly file: string;
  /** The chains that are gone with the others, and that one in it goes on from. */
  readonly gone: Set<string>;
  /** Whether the process that had begun the file is known: it is the only one that need not have signed so. */
  hasBeginner: boolean;
}

/**
 * Where the trail of each node begins. Old files are removed, so the first chain of a node may begin in the middle, or go on
 * from one that is not there; no other one may. What was removed of one node says nothing of another.
 *
 * Whose a chain is, its signed records say, or the start that goes on from it: so it is known at the end only.
 */
export class TrailBeginnings {
  readonly #openings: Opening[] = [];
  readonly #first = new Map<string, Opening>();
  readonly #cutPaths = new Map<string, CutPath>();
  readonly #untold = new Set<string>();
  readonly #suspect = new Set<string>();
  /** By path and chain, the earliest moment that a signed record here says. */
  readonly #firstSigned = new Map<string, Map<string, number>>();

  /** How many chains begin in the middle. */
  get cut(): number {
    return this.#openings.filter(({ start }) => start === undefined).length;
  }

  /** A chain that was not seen before. */
  add(opening: Opening): void {
    this.#openings.push(opening);
  }

  /** A chain that came later than what it stands in front of: no file in front of it was ever there. */
  suspect(id: string): void {
    this.#suspect.add(id);
  }

  /** A signed record of a chain. */
  sign(id: string, time: string, { file }: LinePlace): void {
    const path = originOf(file);
    const first = this.#firstSigned.get(path) ?? new Map<string, number>();
    this.#firstSigned.set(path, first.set(id, Math.min(first.get(id) ?? Infinity, Date.parse(time))));
  }

  /** Says which chains begin where none may. */
  judge(chains: ReadonlyMap<string, VerifiedChain>, isComplete: boolean, findings: Findings): void {
    let areWhole = true;
    for (const opening of this.#openings) {
      const { chain, place, start } = opening;
      const before = start?.continues;
      const isFirst = start !== undefined && before === undefined;
      const isBehind = before !== undefined && chains.has(before.id);
      if (this.#isRotated(opening)) {
        areWhole = false;
        this.#addUntold(opening, findings);
        continue;
      }
      if (this.#isTakenOut(opening)) {
        areWhole = false;
        const which = `records 0 to ${opening.seq - 1} of chain ${chain.id} are not there`;
        const problem = `${which}: the file that its process left was written to later than what is left here.`;
        findings.add('missing', place, problem);
        continue;
      }
      if (this.#isFirstOfNode(opening, isFirst || isBehind)) {
        if (chain.node !== undefined) this.#first.set(chain.node, opening);
        if (isFirst || isBehind) continue;
        areWhole = false;
        this.#cutPath(opening);
        const whose = chain.node === undefined ? '' : ` of ${chain.node}`;
        findings.note(`The trail${whose} begins before ${place.file}: older files were removed, or not given.`);
      } else if (!isBehind && this.#isBesideOthers(opening)) {
        areWhole = false;
        // Whoever can write the file can put in a chain without a beginning, but cannot sign it.
        if (start === undefined && !chain.isSigned) this.#addUntold(opening, findings);
        else if (chain.node !== undefined && !this.#first.has(chain.node)) this.#first.set(chain.node, opening);
      } else if (start === undefined) {
        if (opening.seq === 0) continue;
        findings.add('missing', place, `records 0 to ${opening.seq - 1} of chain ${chain.id} are not there.`);
      } else if (before !== undefined && !isBehind) {
        findings.add('missing', place, `it goes on from chain ${before.id}, which is not there.`);
      }
    }
    if (isComplete && !areWhole) {
      findings.add('missing', undefined, 'the files do not go back to the first record of the trail.');
    }
  }

  /** Whether a chain can only be judged with files that are not here. To be asked when all is judged. */
  isUntold(id: string): boolean {
    return this.#untold.has(id);
  }

  #addUntold({ chain, place, seq }: Opening, findings: Findings): void {
    this.#untold.add(chain.id);
    const which = `records ${seq} to ${chain.report().lastSeq} of chain ${chain.id}`;
    const what = `${which} are signed by nothing here: give the older files as well, which were removed or not given.`;
    findings.add('not-given', place, what);
  }

  #cutPath({ place: { file }, start, movedFrom }: Opening): void {
    const gone = start?.continues?.id;
    const path = this.#cutPaths.get(originOf(file)) ?? { file, gone: new Set(), hasBeginner: false };
    this.#cutPaths.set(originOf(file), path);
    if (gone !== undefined) path.gone.add(gone);
    if (start === undefined && movedFrom === undefined) path.hasBeginner = true;
  }

  /**
   * Where several processes write to one file, the chains of all of them begin in the middle once the oldest files are removed:
   * of the one that has begun the oldest file that is left, and of others that have signed, in each file, that it is not theirs.
   */
  #isBesideOthers({ place, start, seq, movedFrom }: Opening): boolean {
    const path = this.#cutPaths.get(originOf(place.file));
    if (path === undefined) return false;
    if (start !== undefined) return start.continues !== undefined && path.gone.has(start.continues.id);
    if (movedFrom !== undefined) return true;
    if (seq === 0 || path.hasBeginner || path.file !== place.file) return false;
    return (path.hasBeginner = true);
  }

  /**
   * The file that a process left was at the path when it last wrote to it. Where an older one is left, as what is signed in it
   * says, that one was not removed by any process: those remove the oldest. What the process itself has signed since came
   * later, and so did the chains that go on from that, whatever the clock said by then: it may have been set back. A chain that
   * goes on from an earlier record of it, which is gone, may stand in the older file.
   */
  #isTakenOut({ chain, place, seq, movedFrom }: Opening): boolean {
    if (movedFrom === undefined) return false;
    const later = this.#goingOnFrom(chain.id, seq);
    for (const [id, first] of this.#firstSigned.get(originOf(place.file)) ?? []) {
      if (!later.has(id) && !(movedFrom - PUT_AWAY_MS <= first)) return true;
    }
    return false;
  }

  /** A chain, with those that go on from a record of it from `seq` on, or from a chain that does. */
  #goingOnFrom(id: string, seq: number): ReadonlySet<string> {
    const ids = new Set([id]);
    for (const { chain, start } of this.#openings) {
      const before = start?.continues;
      if (before !== undefined && ids.has(before.id) && (before.id !== id || before.seq >= seq)) ids.add(chain.id);
    }
    return ids;
  }

  /**
   * A file that was put away ends anywhere between two signatures, so that the next one may have none for a while: by itself that
   * is neither right nor wrong. One that another chain stands behind was judged by its start.
   */
  #isRotated({ chain, place, seq, start }: Opening): boolean {
    if (start !== undefined || seq === 0 || place.line !== 1 || chain.isSigned || chain.isContinued) return false;
    if (this.#suspect.has(chain.id)) return false;
    return this.#openings.every((other) => other.chain === chain || other.place.file !== chain.file);
  }

  /**
   * Before which moment files of a node were removed, as a signed record of its first chain says it: what is not signed,
   * anybody can have written, and a process that starts signs whatever it finds.
   */
  removedBefore(node: string | undefined): string | undefined {
    // Heads of before nodes were remembered: the files are those of one node, or nobody knows.
    const [only, ...others] = this.#first.values();
    const opening = node === undefined ? (others.length === 0 ? only : undefined) : this.#first.get(node);
    if (opening === undefined || (opening.start !== undefined && opening.start.continues === undefined))
      return undefined;
    return opening.chain.firstSigned;
  }

  /**
   * What was removed ended with a file, so that what is left begins in the first line of one. A chain that is nobody's, as where nothing is signed, may only be the one that there is.
   */
  #isFirstOfNode(opening: Opening, isWhole: boolean): boolean {
    const { node } = opening.chain;
    if (node === undefined) return this.#openings.length === 1;
    if (this.#first.has(node)) return false;
    return isWhole || opening.place.line === 1 || opening === this.#openings[0];
  }
}
