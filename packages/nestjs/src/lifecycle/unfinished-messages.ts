import { type Linked, LinkedList } from '../core/linked-list.js';

/** A connection, as far as it may hold part of a message. Whoever keeps it writes nothing here. */
export interface UnfinishedOwner extends Linked {
  /** How many bytes are kept of a message of it that is not whole. */
  heldBytes: number;
  /** There is no room for what it has begun to send. Must not throw. */
  onEvicted(): void;
}

/**
 * The parts of messages that a process keeps for all of its connections until the rest has arrived (DR-02). Each connection has
 * a limit of its own, and a thousand of them together would hold a thousand times as much.
 *
 * Above the limit the connection goes whose message began first: whoever floods begins many and ends none, and an honest
 * message on a slow line is among the oldest last.
 */
export class UnfinishedMessages {
  readonly #owners = new LinkedList<UnfinishedOwner>();
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** How many bytes are kept of all messages that are not whole. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many connections have begun a message that is not whole. */
  get size(): number {
    return this.#owners.size;
  }

  /** A message of it has begun: it is the youngest. */
  begin(owner: UnfinishedOwner): void {
    this.hold(owner, 0);
  }

  /** So many bytes of a message of it are kept; 0 when it is whole, or the connection is gone. */
  hold(owner: UnfinishedOwner, bytes: number): void {
    if (owner.heldBytes > 0 && bytes === 0) this.#owners.remove(owner);
    else if (owner.heldBytes === 0 && bytes > 0) this.#owners.add(owner);
    this.#bytes += bytes - owner.heldBytes;
    owner.heldBytes = bytes;
    for (let { first } = this.#owners; this.#bytes > this.maxBytes && first !== undefined; { first } = this.#owners) {
      this.hold(first, 0);
      first.onEvicted();
    }
  }
}
