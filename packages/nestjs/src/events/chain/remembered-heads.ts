import { isPlainObject } from '../../core/option-reader.js';
import type { ChainReport, Findings } from './chain-finding.js';

/** How far a chain went when it was verified last. */
export interface RememberedHead {
  readonly id: string;
  readonly seq: number;
  readonly hash: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Whose it is, where that was known. */
  readonly node?: string | undefined;
}

/** As many chains as a note names. */
const MAX_NAMED = 5;

/** Reads what an earlier verification has left; `undefined` for what is not that. */
export function readHeads(value: unknown): readonly RememberedHead[] | undefined {
  const heads = isPlainObject(value) ? value['heads'] : undefined;
  return Array.isArray(heads) && heads.every(isHead) ? heads : undefined;
}

/** What the next verification is to know. */
export function headsOf(chains: readonly ChainReport[]): readonly RememberedHead[] {
  return chains.map(({ id, node, lastSeq: seq, lastHash: hash, lastTime, signed }) => {
    // The last record need not be signed: whoever wrote it cannot make the chain older than its last signature.
    const isOlder = signed !== undefined && Date.parse(lastTime) < Date.parse(signed.time);
    return { id, node, seq, hash, time: isOlder ? signed.time : lastTime };
  });
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

  /**
   * Says what was there, and is there no more.
   *
   * @param removedBefore when the first signed record of a node was written, where its files say that there were older ones.
   */
  findLost(
    chains: readonly ChainReport[],
    removedBefore: (node: string | undefined) => string | undefined,
    findings: Findings,
  ): void {
    const removed: string[] = [];
    let latest = '';
    const found = new Map(chains.map((chain) => [chain.id, chain]));
    for (const { id, seq, time, node } of this.#byId.values()) {
      const chain = found.get(id);
      if (chain === undefined) {
        // Old files are removed as the sink is told to; then what is left of that node is younger, and goes on from them.
        const before = removedBefore(node);
        if (before !== undefined && Date.parse(before) > Date.parse(time)) {
          removed.push(id);
          if (before > latest) latest = before;
        } else
          findings.add('cut-off', undefined, `chain ${id} was there when the trail was verified last, and is gone.`);
      } else if (chain.lastSeq < seq) {
        const problem = `chain ${id} had records up to ${seq} when it was verified last, and now ends at ${chain.lastSeq}.`;
        findings.add('cut-off', undefined, problem);
      }
    }
    // They cannot be told from files that somebody else has removed, and the next run knows nothing of them.
    if (removed.length > 0) findings.noteFirst(`${forgotten(removed, latest)} They are not remembered any more.`);
  }
}

function forgotten(ids: readonly string[], before: string): string {
  const which = ids.length === 1 ? 'One chain that was' : `${ids.length} chains that were`;
  const more = ids.length > MAX_NAMED ? ` and ${ids.length - MAX_NAMED} more` : '';
  const named = `${ids.slice(0, MAX_NAMED).join(', ')}${more}`;
  return `${which} there when the trail was verified last ${ids.length === 1 ? 'is' : 'are'} gone with files from before ${before}: ${named}.`;
}

function isHead(value: unknown): value is RememberedHead {
  if (!isPlainObject(value)) return false;
  const { id, seq, hash, time, node } = value;
  if (node !== undefined && typeof node !== 'string') return false;
  return typeof id === 'string' && Number.isSafeInteger(seq) && typeof hash === 'string' && typeof time === 'string';
}
