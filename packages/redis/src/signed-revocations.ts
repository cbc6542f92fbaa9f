import type { ClusterKey, DerivedKey, Revocation } from '@secure-ws/nestjs/store';
import { createHmac, timingSafeEqual } from 'node:crypto';

/** How many keys one node remembers what it has heard of last. */
const MAX_HEARD = 100_000;

/** How far the clocks of two nodes may be apart, in milliseconds. */
const SKEW_MS = 120_000;

/** By how much a copy that has been on its way may differ, in milliseconds, and is no other one. */
const SAME_LIFE_MS = 5000;

/** A life is no news where it is longer by less than this, in milliseconds. */
const NEWS_MS = 1000;

/** `issuedBefore due made.until.signature`. */
const ENTRY = /^(\d{1,17}) \d{1,17} (\d{1,17})\.(\d{1,17})\.([\w-]{43})$/;

/** An entry as a script hands it over. */
export type HandedEntry = readonly [key: string, entry: string, ttlMs: string];

/** A revocation as the script writes it. */
export interface SentRevocation {
  readonly key: string;
  readonly before: number;
  readonly ttl: number;
  readonly seal: string;
  /** What may stand there. */
  readonly over?: string;
}

/** What a node of this application has written last for a key, as far as is known here. */
interface Heard {
  readonly issuedBefore: number;
  /** When it was made, by the clock of its node, but always after what that one knew of: of two entries the later one holds. */
  readonly made: number;
  /** When it ends, by the same clock: an entry that somebody has put back is not good for ever. */
  readonly until: number;
  readonly signature: string;
}

/**
 * Signs revocations, and tells those that nodes of this application have written from those that somebody else has put into
 * Redis: made up (`forged`), or genuine but older than what was heard since (`old`: put back, or from a replica that took over).
 */
export class SignedRevocations {
  readonly #keys: readonly DerivedKey[];
  /** In the order in which they were heard of. */
  readonly #heard = new Map<string, Heard>();
  readonly #listeners = new Set<() => void>();

  constructor(
    clusterKey: ClusterKey,
    private readonly prefix: string,
    private readonly now: () => number = Date.now,
  ) {
    this.#keys = clusterKey.deriveFor('revocation');
  }

  /** Calls `listener` for each that is forged. @returns ends it. */
  onForged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The revocations among entries that hold. */
  read(entries: readonly HandedEntry[]): Revocation[] {
    const revocations: Revocation[] = [];
    for (const entry of entries) {
      const [key, , ttlMs] = entry;
      const newest = this.#newest(entry);
      if (newest !== undefined) revocations.push({ key, issuedBefore: newest.issuedBefore, ttlMs: Number(ttlMs) });
    }
    return revocations;
  }

  /** Whether an identity is revoked by a key for which an entry stands: by that one, or by what was heard after it. */
  isRevokedBy(entry: HandedEntry, issuedAt: number): boolean {
    const known = this.#newest(entry) ?? this.#heard.get(entry[0]);
    // Negated: what is not a number fails the comparison, so it is revoked.
    return known !== undefined && !this.#isOver(known) && !(issuedAt >= known.issuedBefore);
  }

  /**
   * What is written for a revocation.
   *
   * @param standing what stands there already.
   * @returns `undefined` where that says the same.
   */
  prepare({ key, issuedBefore, ttlMs }: Revocation, standing?: HandedEntry): SentRevocation | undefined {
    const genuine = standing === undefined ? undefined : this.#newest(standing);
    const heard = this.#heard.get(key);
    const isJoined = issuedBefore !== 0 && heard !== undefined && !this.#isOver(heard);
    const before = isJoined ? Math.max(issuedBefore, heard.issuedBefore) : issuedBefore;
    const leftMs = genuine === undefined ? 0 : Number(standing?.[2]);
    // One that was taken back prolongs nothing.
    const ttl = genuine?.issuedBefore === 0 ? ttlMs : Math.max(ttlMs, leftMs);
    if (genuine?.issuedBefore === before && Math.abs(ttl - leftMs) < NEWS_MS) return undefined;
    const { made, until, signature } = this.#sign(key, before, Math.ceil(this.now() + ttl));
    const seal = `${made}.${until}.${signature}`;
    return { key, before, ttl, seal, ...(standing !== undefined && { over: standing[1] }) };
  }

  /** Notes what was written: until then, what stands there is not older than what this node means to write. */
  written({ key, before, seal }: SentRevocation): void {
    const [made, until, signature = ''] = seal.split('.');
    const heard = { issuedBefore: before, made: Number(made), until: Number(until), signature };
    if (heard.made >= (this.#heard.get(key)?.made ?? 0)) this.#remember(key, heard);
  }

  /** A copy is the same again: told as news it would come after what has happened since. */
  #sign(key: string, issuedBefore: number, until: number): Heard {
    const heard = this.#heard.get(key);
    if (heard?.issuedBefore === issuedBefore && heard.until >= until - SAME_LIFE_MS) return heard;
    const signed = { issuedBefore, made: Math.max(Math.floor(this.now()), (heard?.made ?? 0) + 1), until };
    const { key: signingKey } = this.#keys[0] as DerivedKey;
    const signature = createHmac('sha256', signingKey).update(this.#signedText(key, signed)).digest('base64url');
    return { ...signed, signature };
  }

  /** What an entry says, unless it is forged, over, or older than what was heard. */
  #newest([key, entry]: HandedEntry): Heard | undefined {
    const read = this.#verified(key, entry);
    if (read === undefined) {
      for (const each of this.#listeners) each();
      return undefined;
    }
    const heard = this.#heard.get(key);
    if (this.#isOver(read) || read.made < (heard?.made ?? 0)) return undefined;
    return this.#remember(key, read);
  }

  #verified(key: string, entry: string): Heard | undefined {
    const [, before, made, until, signature = ''] = ENTRY.exec(entry) ?? [];
    const heard = this.#heard.get(key);
    const read = { issuedBefore: Number(before), made: Number(made), until: Number(until), signature };
    // What was verified once is not computed again.
    if (heard !== undefined && heard.signature === signature && isSame(heard, read)) return heard;
    const given = Buffer.from(signature, 'base64url');
    const text = this.#signedText(key, read);
    const isGenuine = this.#keys.some(({ key: each }) => {
      const expected = createHmac('sha256', each).update(text).digest();
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
    return isGenuine ? read : undefined;
  }

  /** What is signed: one application cannot be given an entry of another, nor one key that of another, nor a ban its end. */
  #signedText(key: string, { issuedBefore, made, until }: Omit<Heard, 'signature'>): string {
    return JSON.stringify([this.prefix, key, issuedBefore === 0 ? 'taken-back' : 'revoked', issuedBefore, made, until]);
  }

  #remember(key: string, heard: Heard): Heard {
    this.#heard.delete(key);
    this.#heard.set(key, heard);
    for (const oldest of this.#heard.keys()) {
      if (this.#heard.size <= MAX_HEARD) break;
      this.#heard.delete(oldest);
    }
    return heard;
  }

  #isOver({ until }: Heard): boolean {
    return until + SKEW_MS < this.now();
  }
}

const isSame = (a: Heard, b: Heard): boolean =>
  a.issuedBefore === b.issuedBefore && a.made === b.made && a.until === b.until;
