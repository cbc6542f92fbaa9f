import { createHash } from 'node:crypto';
import type { BackoffRule, ScoreRule } from '@secure-ws/nestjs/store';
import type { ThrottleRule } from '@secure-ws/nestjs';

/** How long the hash of a list of rules is: 132 bits, so that no two lists share windows. */
const NAME_LENGTH = 22;

/** A list of rules as the scripts read it, and what tells it from other lists. */
export interface SentRates {
  readonly name: string;
  /** Without those that have no limit. */
  readonly rules: readonly { readonly limit: number; readonly ttl: number; readonly block: number }[];
}

/** A rule of scores as the scripts read it. */
export interface SentScore {
  readonly name: string;
  readonly rule: { readonly decay: number; readonly max: number };
}

/**
 * Names of keys, and the form in which rules are sent. All keys of a prefix hold one hash tag: one script touches the
 * address, the principal and the revocations of a handshake, and a cluster runs it only where they all lie.
 */
export class StoreLayout {
  readonly #rates = new WeakMap<readonly ThrottleRule[], SentRates>();
  readonly #scores = new WeakMap<ScoreRule, SentScore>();
  /** The clock that all scripts measure by. */
  readonly clock: string;
  /** The log of revocations: what is revoked, the order, when each is over, and where the log stands. */
  readonly revocations: readonly string[];
  /** The messages of the nodes, and how far they go. */
  readonly control: readonly string[];
  /** The nodes, by when they are gone. */
  readonly nodes: string;
  /** The channel on which nodes hear that something was written. */
  readonly news: string;
  readonly #root: string;

  constructor(readonly prefix: string) {
    this.#root = `{${prefix}}`;
    this.clock = `${this.#root}:clock`;
    this.revocations = ['data', 'log', 'dues', 'meta'].map((part) => `${this.#root}:revocations:${part}`);
    this.control = ['stream', 'meta'].map((part) => `${this.#root}:control:${part}`);
    this.nodes = `${this.#root}:control:nodes`;
    this.news = `${this.#root}:news`;
  }

  /** The windows of a list of rules for a key. */
  rate(sent: SentRates, key: string): string {
    return `${this.#root}:rate:${sent.name}:${key}`;
  }

  /** The score of a rule for a key. */
  score(sent: Pick<SentScore, 'name'>, key: string): string {
    return `${this.#root}:score:${sent.name}:${key}`;
  }

  /** The four keys of a place. */
  place(key: string): readonly string[] {
    return ['held', 'order', 'gone', 'by'].map((part) => `${this.#root}:lease:${part}:${key}`);
  }

  /** A single-use value. */
  once(key: string): string {
    return `${this.#root}:once:${key}`;
  }

  /** A list of rules as it is sent: without what the user wrote beside it. */
  ratesOf(rules: readonly ThrottleRule[]): SentRates {
    let sent = this.#rates.get(rules);
    if (sent === undefined) this.#rates.set(rules, (sent = sentRates(rules)));
    return sent;
  }

  /** A rule of scores as it is sent. */
  scoreOf(rule: ScoreRule): SentScore {
    let sent = this.#scores.get(rule);
    if (sent === undefined) this.#scores.set(rule, (sent = sentScore(rule)));
    return sent;
  }

  /** A rule of backoff as the scripts read it; its score is that of {@link scoreOf}. */
  backoffOf({ freeFailures, firstDelayMs, maxDelayMs }: BackoffRule): object {
    return { free: freeFailures, first: firstDelayMs, longest: maxDelayMs };
  }
}

const hashOf = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, NAME_LENGTH);

function sentRates(rules: readonly ThrottleRule[]): SentRates {
  const named = rules.map(({ name = 'default', limit, ttl, blockDuration = 0 }) => [name, limit, ttl, blockDuration]);
  return {
    name: hashOf(...named),
    rules: rules
      .filter(({ limit }) => limit !== Infinity)
      .map(({ limit, ttl, blockDuration = 0 }) => ({ limit, ttl, block: blockDuration })),
  };
}

function sentScore({ name, decayPerSecond, max }: ScoreRule): SentScore {
  return { name: hashOf(name, decayPerSecond, max), rule: { decay: decayPerSecond, max } };
}
