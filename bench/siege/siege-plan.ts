/** What is done to a server, from other processes. */
export interface SiegePlan {
  readonly port: number;
  readonly connectsPerSecond: number;
  readonly framesPerSecond: number;
  /** Connections that send and never read. */
  readonly slowReaders: number;
  /** Connections that send all kinds of frames. */
  readonly senders: number;
}

/** How many addresses the attackers come from, all of them of this machine (127.0.0.2 and on). */
export const ATTACKING_ADDRESSES = 50;

/** As many principals, each with a good token: not all attackers are strangers. */
export const ATTACKERS = 50;

/** How many honest people there are: 3 % of the load. Each has an account of their own. */
export const HONEST_PEOPLE = 15;

export function honestId(person: number): string {
  return `honest-${person}`;
}

export function honestAccountId(person: number): string {
  return `0b6f1c9e-7a55-4b6b-9a86-${String(person).padStart(12, '0')}`;
}
