import type { ChainReport, Findings, LinePlace } from './chain-finding.js';
import { lastChains } from './last-chains.js';

/** A signed record, as far as its key is concerned. */
export interface SignedRecord {
  /** Its chain. */
  readonly id: string;
  readonly node: string | undefined;
  /** Which of the keys has signed it: the first one is that of today, the others are older. */
  readonly key: number;
  /** Whether its process started with it. */
  readonly isStart: boolean;
}

/**
 * In which order the keys have signed. Whoever has the private key of before, from a backup or because they have left, could
 * otherwise replace all that was signed since with the new one.
 */
export class KeyOrder {
  readonly #keyOfChain = new Map<string, number>();
  readonly #newestOfNode = new Map<string, number>();

  constructor(private readonly findings: Findings) {}

  /** Takes the next signed record. */
  add({ id, node = '', key, isStart }: SignedRecord, place: LinePlace): void {
    const before = this.#keyOfChain.get(id);
    if (before !== undefined && before !== key) {
      this.findings.add(
        'retired',
        place,
        'it is signed with another key than the signed records of its chain before it.',
      );
    }
    this.#keyOfChain.set(id, key);
    const newest = this.#newestOfNode.get(node) ?? key;
    // One that runs still, while another one has started with the new key, goes on with its own.
    if (isStart && key > newest) {
      this.findings.add('retired', place, `${node} started with an older key, behind records of a newer one.`);
    }
    this.#newestOfNode.set(node, Math.min(newest, key));
  }

  /**
   * Says of which nodes no last chain is of the key of today. A process that runs still with an older one may be the last whose
   * records begin in the files, because the oldest were removed: which of them started last is not told then.
   */
  judge(chains: readonly ChainReport[]): void {
    const current = lastChains(chains.filter(({ id }) => this.#keyOfChain.get(id) === 0));
    for (const [name, { signed }] of lastChains(chains)) {
      if (current.has(name)) continue;
      const problem = `the last signed record of ${name} is signed with an older key than the first --public-key.`;
      this.findings.add('retired', signed, problem);
    }
  }
}
