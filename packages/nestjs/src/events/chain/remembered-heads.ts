import { isPlainObject } from '../../core/option-reader.js';
import type { ChainReport, Findings } from './chain-finding.js';

/** How far a chain went when it was verified last. */
export interface RememberedHead {
  readonly id: string;
  readonly seq: number;
  readonly hash: string;
  /** ISO 8601, UTC. */
  readonly time: string;
}

/** Where the files of now begin. */
export interface TrailBeginning {
  readonly time: string;
  /** Whether nothing was there before, as the first record says it. */
  readonly isFirst: boolean;
}

/** Reads what an earlier verification has left; `undefined` for what is not that. */
export function readHeads(value: unknown): readonly RememberedHead[] | undefined {
  const heads = isPlainObject(value) ? value['heads'] : undefined;
  return Array.isArray(heads) && heads.every(isHead) ? heads : undefined;
}

/** What the next verification is to know. */
export function headsOf(chains: readonly ChainReport[]): readonly RememberedHead[] {
  return chains.map(({ id, lastSeq: seq, lastHash: hash, lastTime: time }) => ({ id, seq, hash, time }));
}

/**
 * What was there when the trail was verified last: files that somebody has put back as they were before, or cut at a signed
 * record, are consistent in themselves, and only this tells.
 */
export class RememberedHeads {
  readonly #byId: Map<string, RememberedHead>;

  constructor(heads: readonly RememberedHead[]) {
    this.#byId = new Map(heads.map((head) => [head.id, head]));
  }

  /** Looks at a record that the trail has. @returns whether it is another one than it was. */
  isOther(id: string, seq: number, hash: string): boolean {
    const head = this.#byId.get(id);
    return head?.seq === seq && head.hash !== hash;
  }

  /** Says what was there, and is there no more. */
  findLost(chains: readonly ChainReport[], beginning: TrailBeginning | undefined, findings: Findings): void {
    const found = new Map(chains.map((chain) => [chain.id, chain]));
    for (const { id, seq, time } of this.#byId.values()) {
      const chain = found.get(id);
      if (chain === undefined) {
        // Old files are removed as the sink is told to; then what is left is younger, and says that it goes on from them.
        if (beginning !== undefined && !beginning.isFirst && Date.parse(beginning.time) > Date.parse(time)) continue;
        findings.add('cut-off', undefined, `chain ${id} was there when the trail was verified last, and is gone.`);
      } else if (chain.lastSeq < seq) {
        const problem = `chain ${id} had records up to ${seq} when it was verified last, and now ends at ${chain.lastSeq}.`;
        findings.add('cut-off', undefined, problem);
      }
    }
  }
}

function isHead(value: unknown): value is RememberedHead {
  if (!isPlainObject(value)) return false;
  const { id, seq, hash, time } = value;
  return typeof id === 'string' && Number.isSafeInteger(seq) && typeof hash === 'string' && typeof time === 'string';
}
