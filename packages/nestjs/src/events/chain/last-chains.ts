import type { ChainReport } from './chain-finding.js';

/**
 * The last chain of each node that nobody has gone on from and of which something is signed, by what the node is called: one
 * that was gone on from is over.
 */
export function lastChains(chains: readonly ChainReport[]): ReadonlyMap<string, ChainReport> {
  const last = new Map<string, ChainReport>();
  for (const chain of chains) {
    if (!chain.isContinued && chain.signed !== undefined) last.set(nameOf(chain), chain);
  }
  return last;
}

/** Only the signed records of a chain say whose it is. */
function nameOf({ id, node }: ChainReport): string {
  return node ?? `chain ${id}`;
}
