import { randomUUID } from 'node:crypto';
import {
  type Admission,
  type AdmissionAnswer,
  type ClusterKey,
  type ControlBatch,
  type ControlLine,
  type Lease,
  type LeaseState,
  type Revocation,
  type RevocationBatch,
  type ScoreRule,
  SecureWsStore,
  SecureWsStoreError,
  type StoreForgery,
  type StoreNews,
} from '@secure-ws/nestjs/store';
import type { ThrottleRule } from '@secure-ws/nestjs';
import { NewsLine } from './news-line.js';
import type { RedisClient } from './redis-client.js';
import type { Script } from './script.js';
import { SCRIPTS } from './scripts/scripts.js';
import { type HandedEntry, type SentRevocation, SignedRevocations } from './signed-revocations.js';
import type { StoreLayout } from './store-layout.js';

/** How many leases one script renews: a server does nothing else meanwhile. */
const RENEWED_AT_ONCE = 250;

/** How often a script is asked again where what stands was forged, or another node has written meanwhile. */
const MOST_TRIES = 8;

/** What the script of an admission answers. */
type AdmitReply = readonly [
  granted: number,
  rateWaitMs: number,
  backoffMs: number,
  revoking: readonly HandedEntry[],
  held: readonly number[],
  replaced: readonly string[],
];

/** What the script that reads the log answers. */
type LogReply = readonly [
  entries: readonly HandedEntry[],
  name: string,
  position: string,
  isLast: number,
  isContinued: number,
];

/** What the script that reads the messages of the nodes answers. */
type HearReply = readonly [
  messages: readonly string[],
  name: string,
  position: string,
  isLast: number,
  isContinued: number,
];

/**
 * The store of `@secure-ws/nestjs` over Redis 7 or Valkey: every method is one script, which is one round trip and one atomic step.
 *
 * Made by `secureWsRedis()`, which also makes sure that the server throws nothing away.
 */
export class RedisStore extends SecureWsStore {
  #isClosed = false;
  #control: ControlLine | undefined;
  readonly #signed: SignedRevocations;
  readonly #news: NewsLine;

  /** @internal Made by `secureWsRedis()`. */
  constructor(
    private readonly client: RedisClient,
    private readonly layout: StoreLayout,
    private readonly clusterKey: ClusterKey,
    /** Closes a client of our own. */
    private readonly onClose: () => void = () => undefined,
  ) {
    super();
    this.#signed = new SignedRevocations(clusterKey, layout.prefix);
    this.#news = new NewsLine(client, layout.news);
  }

  override async hit(key: string, rules: readonly ThrottleRule[], cost = 1): Promise<number> {
    const sent = this.layout.ratesOf(rules);
    if (sent.rules.length === 0 && !this.#isClosed) return 0;
    return (await this.#run(SCRIPTS.hit, [this.layout.rate(sent, key)], { rules: sent.rules, cost })) as number;
  }

  override async admit(admission: Admission): Promise<AdmissionAnswer> {
    const ignored: Record<string, string> = Object.create(null) as Record<string, string>;
    const { keys, asked } = this.#sentAdmission(admission, ignored);
    const issuedAt = finite(admission.identity?.issuedAt ?? 0);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const reply = (await this.#run(SCRIPTS.admit, keys, asked)) as AdmitReply;
      const [granted, rateWaitMs, backoffMs, revoking, held, replaced] = reply;
      const isRevoked = revoking.some((entry) => this.#signed.isRevokedBy(entry, issuedAt));
      if (isRevoked || revoking.length === 0)
        return { granted: granted === 1, rateWaitMs, backoffMs, isRevoked, held, replaced };
      // Nothing was taken: it is asked again without those that nobody of us has written.
      for (const [key, entry] of revoking) ignored[key] = entry;
    }
    throw changedAllTheTime();
  }

  override async renew(leases: readonly Lease[], ttlMs: number): Promise<readonly LeaseState[]> {
    this.#refuseIfClosed();
    const batches: Promise<unknown>[] = [];
    for (let at = 0; at < leases.length; at += RENEWED_AT_ONCE) {
      const batch = leases.slice(at, at + RENEWED_AT_ONCE);
      const keys = batch.flatMap((lease) => lease.keys.flatMap((key) => this.layout.place(key)));
      const asked = { ttl: ttlMs, leases: batch.map((lease) => ({ holder: lease.holder, places: lease.keys.length })) };
      batches.push(this.#run(SCRIPTS.renew, keys, asked));
    }
    return (await Promise.all(batches)).flat() as LeaseState[];
  }

  override async release({ holder, keys }: Lease): Promise<void> {
    if (this.#isClosed) return;
    const places = keys.flatMap((key) => this.layout.place(key));
    await this.#run(SCRIPTS.release, places, { holder, places: keys.length });
  }

  override async charge(key: string, weight: number, rule: ScoreRule): Promise<number> {
    const sent = this.layout.scoreOf(rule);
    return Number(await this.#run(SCRIPTS.charge, [this.layout.score(sent, key)], { weight, rule: sent.rule }));
  }

  override async put(key: string, value: string, ttlMs: number): Promise<boolean> {
    return (await this.#run(SCRIPTS.put, [this.layout.once(key)], { value, ttl: ttlMs })) === 1;
  }

  override async take(key: string): Promise<string | undefined> {
    return ((await this.#run(SCRIPTS.take, [this.layout.once(key)], {})) ?? undefined) as string | undefined;
  }

  override async revoke(revocations: readonly Revocation[]): Promise<void> {
    const asked = new Map<string, Revocation>();
    for (const each of revocations) asked.set(each.key, joined(asked.get(each.key), each));
    const sent = new Map<string, SentRevocation>();
    for (const each of asked.values()) this.#prepare(sent, each);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const told = { entries: [...sent.values()], news: this.layout.news };
      const found = (await this.#run(SCRIPTS.revoke, this.layout.revocations, told)) as HandedEntry[];
      if (found.length === 0) {
        for (const each of sent.values()) this.#signed.written(each);
        return;
      }
      for (const standing of found) this.#prepare(sent, asked.get(standing[0]) as Revocation, standing);
    }
    throw changedAllTheTime();
  }

  override async revocations(after: string | undefined, most: number): Promise<RevocationBatch> {
    const asked = { ...positionOf(after), most, fresh: randomUUID() };
    const reply = (await this.#run(SCRIPTS.revocations, this.layout.revocations, asked)) as LogReply;
    const [entries, log, reached, isLast, isContinued] = reply;
    return {
      entries: this.#signed.read(entries),
      position: `${log}.${reached}`,
      isLast: isLast === 1,
      isContinued: isContinued === 1,
    };
  }

  override get control(): ControlLine {
    const { layout } = this;
    return (this.#control ??= {
      key: this.clusterKey,
      name: layout.prefix,
      say: async (message) => {
        await this.#run(SCRIPTS.say, layout.control, { message, fresh: randomUUID(), news: layout.news });
      },
      hear: async (after, most) => this.#hear(after, most),
      beat: async (node, ttl) => (await this.#run(SCRIPTS.beat, [layout.nodes], { node, ttl })) as readonly string[],
    });
  }

  override onForged(listener: (what: StoreForgery) => void): () => void {
    return this.#signed.onForged(() => listener('revocation'));
  }

  override onNews(listener: (what: StoreNews) => void): () => void {
    return this.#news.listen(listener);
  }

  override get hearsNews(): boolean {
    return this.#news.isAlive;
  }

  /** Refuses everything from now on, and closes a client that was opened for a `url`. */
  override close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#news.close();
    this.onClose();
  }

  async #hear(after: string | undefined, most: number): Promise<ControlBatch> {
    const probe = this.#news.nextProbe();
    const asked = { ...positionOf(after), most, fresh: randomUUID(), probe };
    const reply = (await this.#run(SCRIPTS.hear, this.layout.control, asked)) as HearReply;
    this.#news.onAnswer(probe);
    const [messages, name, reached, isLast, isContinued] = reply;
    return { messages, position: `${name}.${reached}`, isLast: isLast === 1, isContinued: isContinued === 1 };
  }

  #prepare(sent: Map<string, SentRevocation>, revocation: Revocation, standing?: HandedEntry): void {
    const prepared = this.#signed.prepare(revocation, standing);
    if (prepared === undefined) sent.delete(revocation.key);
    else sent.set(revocation.key, prepared);
  }

  #sentAdmission(
    { rate, backoff, identity, lease }: Admission,
    ignored: Readonly<Record<string, string>>,
  ): { keys: string[]; asked: object } {
    const { layout } = this;
    const keys: string[] = [];
    const asked: Record<string, unknown> = {};
    const sendRates = (key: string, rules: readonly ThrottleRule[]): unknown => {
      const sent = layout.ratesOf(rules);
      keys.push(layout.rate(sent, key));
      return sent.rules;
    };
    if (rate !== undefined) asked['rate'] = { rules: sendRates(rate.key, rate.rules), reported: rate.isReported };
    if (backoff !== undefined) {
      const { key, rule, allowance, isReported } = backoff;
      keys.push(layout.score(layout.scoreOf(rule), key));
      asked['backoff'] = {
        rule: layout.backoffOf(rule),
        reported: isReported,
        allowance: allowance === undefined ? undefined : sendRates(key, allowance),
      };
    }
    if (identity !== undefined) {
      keys.push(...layout.revocations);
      asked['identity'] = { keys: identity.keys, at: finite(identity.issuedAt), ignored };
    }
    if (lease !== undefined) {
      const { holder, places, ttlMs, overflow } = lease;
      keys.push(...places.flatMap(({ key }) => layout.place(key)));
      const limits = places.map(({ limit }) => finite(limit));
      asked['lease'] = { holder, ttl: ttlMs, replaces: overflow === 'replace-oldest', limits };
    }
    return { keys, asked };
  }

  async #run(script: Script, keys: readonly string[], asked: unknown): Promise<unknown> {
    this.#refuseIfClosed();
    // Otherwise the client would keep it, and run it long after whoever asked was refused.
    if (this.client.isReady === false)
      throw new SecureWsStoreError('unavailable', new Error('Redis is not connected.'));
    try {
      return await script.run(this.client, [this.layout.clock, ...keys], asked);
    } catch (error) {
      throw storeError(error);
    }
  }

  #refuseIfClosed(): void {
    if (this.#isClosed) throw new SecureWsStoreError('closed');
  }
}

/** JSON has no NaN and no Infinity: NaN is the lowest, which grants nothing and is revoked by everything. */
function finite(number: number): number {
  if (Number.isNaN(number)) return -Number.MAX_VALUE;
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, number));
}

/** A position as {@link RedisStore} gave it: of what log or stream, and how far. */
function positionOf(position: string | undefined): { readonly name: string; readonly after: string } {
  const [, name = '', after = '0'] = /^([\da-f-]{1,100})\.(\d{1,15})$/.exec(position ?? '') ?? [];
  return { name, after };
}

/** Two for one key in their order. */
function joined(earlier: Revocation | undefined, later: Revocation): Revocation {
  if (earlier === undefined || earlier.issuedBefore === 0 || later.issuedBefore === 0) return later;
  const { key, issuedBefore, ttlMs } = later;
  return { key, issuedBefore: Math.max(issuedBefore, earlier.issuedBefore), ttlMs: Math.max(ttlMs, earlier.ttlMs) };
}

/** Somebody writes there faster than it is read: without an answer the caller counts by itself. */
const changedAllTheTime = (): SecureWsStoreError =>
  new SecureWsStoreError(
    'unavailable',
    new Error('What stands in Redis for a revocation changed with every question.'),
  );

/** `maxmemory` reached, with nothing that may be thrown away: an answer. Everything else means that there is no store. */
function storeError(error: unknown): SecureWsStoreError {
  const isFull = error instanceof Error && error.message.startsWith('OOM');
  return new SecureWsStoreError(isFull ? 'full' : 'unavailable', error);
}
