import type { Releasable } from './reservations.js';

/** How many clients may be about to say who they are, in this process and from one address (DR-04). */
export const MAX_INVITED = 500;
export const MAX_INVITED_PER_ADDRESS = 5;

/** What an {@link Invitation} tells its owner. */
interface InvitationOwner {
  onSpeaking(invitation: Invitation): void;
  onReleased(invitation: Invitation): void;
}

/** The place of one client that has still to say who it is. */
export class Invitation implements Releasable {
  #isReleased = false;
  #isLost = false;
  #onLost: (() => void) | undefined;

  constructor(
    readonly addressKey: string,
    private readonly owner: InvitationOwner,
  ) {}

  /** Calls back when the place goes to another client, at once where it has. */
  whenLost(onLost: () => void): void {
    if (this.#isLost) onLost();
    else this.#onLost = onLost;
  }

  /** Its client has said who it is: nobody takes the place while that is verified. */
  speak(): void {
    if (!this.#isReleased) this.owner.onSpeaking(this);
  }

  /** Gives the place to another client. */
  lose(): void {
    if (this.#isReleased) return;
    this.release();
    this.#isLost = true;
    this.#onLost?.();
  }

  /** Gives the place back. Calling it again does nothing. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.owner.onReleased(this);
  }
}

/** What one address has. */
interface AddressPlaces {
  count: number;
  readonly silent: Set<Invitation>;
}

/**
 * Counts the clients that have their `101` and have still to say who they are. Bounded by what it counts.
 *
 * The oldest silent one makes room for one more: whoever fills the places with silence must not keep out those who speak,
 * which takes a moment (DR-04).
 */
export class Invitations {
  readonly #byAddress = new Map<string, AddressPlaces>();
  /** Who has said nothing yet, oldest first. */
  readonly #silent = new Set<Invitation>();
  #total = 0;

  /** Takes a place; `undefined` where there is none. @param addressKey of `addressKey()`. */
  take(addressKey: string): Invitation | undefined {
    const own = this.#byAddress.get(addressKey);
    if (own !== undefined && own.count >= MAX_INVITED_PER_ADDRESS) firstOf(own.silent)?.lose();
    else if (this.#total >= MAX_INVITED) firstOf(this.#silent)?.lose();
    // Forgotten, perhaps, with the one that has just lost its place.
    const places = this.#byAddress.get(addressKey) ?? { count: 0, silent: new Set<Invitation>() };
    if (this.#total >= MAX_INVITED || places.count >= MAX_INVITED_PER_ADDRESS) return undefined;
    const invitation = new Invitation(addressKey, this.#owner);
    this.#byAddress.set(addressKey, places);
    places.count++;
    places.silent.add(invitation);
    this.#silent.add(invitation);
    this.#total++;
    return invitation;
  }

  readonly #owner: InvitationOwner = {
    onSpeaking: (invitation) => {
      this.#silent.delete(invitation);
      this.#byAddress.get(invitation.addressKey)?.silent.delete(invitation);
    },
    onReleased: (invitation) => {
      this.#owner.onSpeaking(invitation);
      this.#total--;
      const places = this.#byAddress.get(invitation.addressKey);
      if (places !== undefined && --places.count === 0) this.#byAddress.delete(invitation.addressKey);
    },
  };
}

function firstOf<T>(set: ReadonlySet<T>): T | undefined {
  for (const first of set) return first;
  return undefined;
}
