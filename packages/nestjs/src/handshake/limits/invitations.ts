import type { Releasable } from './reservations.js';

/** How many clients may be about to say who they are, in this process and from one address (DR-04). */
export const MAX_INVITED = 500;
export const MAX_INVITED_PER_ADDRESS = 5;

/** Counts the clients that have their `101` and have still to say who they are. Bounded by what it counts. */
export class Invitations {
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  /** Takes a place; `undefined` where there is none. @param addressKey of `addressKey()`. */
  take(addressKey: string): Releasable | undefined {
    const count = this.#byAddress.get(addressKey) ?? 0;
    if (this.#total >= MAX_INVITED || count >= MAX_INVITED_PER_ADDRESS) return undefined;
    this.#byAddress.set(addressKey, count + 1);
    this.#total++;
    let isReleased = false;
    return {
      release: () => {
        if (isReleased) return;
        isReleased = true;
        this.#total--;
        const left = (this.#byAddress.get(addressKey) ?? 1) - 1;
        if (left > 0) this.#byAddress.set(addressKey, left);
        else this.#byAddress.delete(addressKey);
      },
    };
  }
}
