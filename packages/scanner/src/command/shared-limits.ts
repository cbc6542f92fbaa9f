import type { ScanLimits } from '../scope/scan-budget.js';

/**
 * What the scans of several endpoints, one after the other, may spend: a number that the caller gave is for all of them
 * together, whatever each would have by itself. What one leaves is there for those behind it.
 */
export class SharedLimits {
  private connections: number | undefined;
  private readonly end: number | undefined;

  /** @param scans how many there are. */
  constructor(
    private readonly given: Partial<ScanLimits>,
    private scans: number,
  ) {
    this.connections = given.maxConnections;
    this.end = given.maxMs === undefined ? undefined : performance.now() + given.maxMs;
  }

  /** The share of the next scan. */
  next(): Partial<ScanLimits> {
    const { connections, end } = this;
    const share = (all: number): number => Math.max(0, Math.floor(all / Math.max(1, this.scans)));
    const limits = {
      ...this.given,
      ...(connections !== undefined && { maxConnections: share(connections) }),
      ...(end !== undefined && { maxMs: share(end - performance.now()) }),
    };
    this.scans--;
    return limits;
  }

  /** Takes off what a scan has spent. */
  spend({ connections }: { readonly connections: number }): void {
    if (this.connections !== undefined) this.connections -= connections;
  }
}
