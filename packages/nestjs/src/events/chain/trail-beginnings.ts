import type { Findings, LinePlace } from './chain-finding.js';
import type { ReadMark } from './chain-mark-reader.js';
import type { VerifiedChain } from './verified-chain.js';

/** How a chain begins in the files. */
interface Opening {
  readonly chain: VerifiedChain;
  readonly place: LinePlace;
  /** Its first record in these files. */
  readonly seq: number;
  /** What its start says; `undefined` where that is not here. */
  readonly start: ReadMark | undefined;
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

  /** How many chains begin in the middle. */
  get cut(): number {
    return this.#openings.filter(({ start }) => start === undefined).length;
  }

  /** A chain that was not seen before. */
  add(opening: Opening): void {
    this.#openings.push(opening);
  }

  /** Says which chains begin where none may. */
  judge(chains: ReadonlyMap<string, VerifiedChain>, isComplete: boolean, findings: Findings): void {
    let areWhole = true;
    for (const opening of this.#openings) {
      const { chain, place, start } = opening;
      const before = start?.continues;
      const isFirst = start !== undefined && before === undefined;
      const isBehind = before !== undefined && chains.has(before.id);
      if (this.#isFirstOfNode(opening, isFirst || isBehind)) {
        if (chain.node !== undefined) this.#first.set(chain.node, opening);
        if (isFirst || isBehind) continue;
        areWhole = false;
        const whose = chain.node === undefined ? '' : ` of ${chain.node}`;
        findings.note(`The trail${whose} begins before ${place.file}: older files were removed, or not given.`);
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
