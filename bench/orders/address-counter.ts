/** The counter of each address that a team writes by hand: a fixed window, forgotten when it is over. */
export class AddressCounter {
  private readonly counts = new Map<string, { hits: number; endsAt: number }>();

  constructor(private readonly rule: { readonly limit: number; readonly windowMs: number }) {}

  /** Counts one handshake. `false` when the address has had too many. */
  hit(address: string): boolean {
    const now = Date.now();
    const count = this.counts.get(address);
    if (count === undefined || count.endsAt <= now) {
      this.counts.set(address, { hits: 1, endsAt: now + this.rule.windowMs });
      return true;
    }
    return ++count.hits <= this.rule.limit;
  }
}
