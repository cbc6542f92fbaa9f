import type { ChainReport, Findings } from './chain-finding.js';
import { lastChains } from './last-chains.js';

/** How old the last signed records may be. */
export interface AgeLimit {
  /** In milliseconds; any age where it is absent. */
  readonly maxAgeMs?: number | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * How long ago each process signed last. One that writes says nothing of another one that is silent, and a clock that was
 * ahead once says nothing of now.
 */
export class SignatureAges {
  /** By chain, the moment of the last signed record that counts. */
  readonly #signedAt = new Map<string, number>();
  readonly #maxAgeMs: number;

  constructor(private readonly limit: AgeLimit) {
    this.#maxAgeMs = limit.maxAgeMs ?? Infinity;
  }

  /** A record of a chain is signed. The last one in the chain counts, and not the one with the latest time. */
  add(id: string, time: string): void {
    const signedAt = Date.parse(time);
    // Clocks of two machines differ, but not by more than what is asked for.
    if (signedAt - this.limit.now <= this.#maxAgeMs) this.#signedAt.set(id, signedAt);
  }

  /** Says which of the processes that nobody has gone on from are silent: of one node, the last one alone. */
  judge(chains: readonly ChainReport[], findings: Findings): void {
    if (chains.every(({ signed }) => signed === undefined)) {
      findings.add('unsigned', undefined, 'no record is signed with a key that was given.');
      return;
    }
    for (const [name, { id, signed }] of lastChains(chains)) {
      const signedAt = this.#signedAt.get(id);
      if (signedAt === undefined) {
        const problem = `no record of ${name} is signed within the time that is asked for: the last one is of ${signed?.time}, ahead of the clock here.`;
        findings.add('old', undefined, problem);
      } else if (this.limit.now - signedAt > this.#maxAgeMs) {
        const at = new Date(signedAt).toISOString();
        const problem = `the last signed record of ${name} is of ${at}: the end was cut off, or nobody writes.`;
        findings.add('old', undefined, problem);
      }
    }
  }
}
