import { randomUUID } from 'node:crypto';
import type { StoreNews } from '@secure-ws/nestjs/store';
import type { RedisClient } from './redis-client.js';

/** After how many readings in a row without an echo the connection is made once more, and the most: a right may be missing for good. */
const FIRST_PATIENCE = 4;
const LONGEST_PATIENCE = 512;

/** What a script publishes to have its own node hear it. */
export interface NewsProbe {
  readonly channel: string;
  readonly message: string;
}

/** What is needed of the connection that listens. */
interface Subscriber {
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  destroy(): void;
  on(event: 'error' | 'ready', listener: () => void): unknown;
}

/**
 * Hears at once that another node has written something, over a connection of its own: Redis answers nothing else on one that
 * subscribes. Whatever is lost here is found by reading.
 *
 * A subscription that is dead looks like one where nothing happens. So each reading of the messages of the nodes publishes a number
 * for its own node, in the same script: it costs no round trip, and goes the way of what others publish.
 */
export class NewsLine {
  readonly #listeners = new Set<(what: StoreNews) => void>();
  readonly #own: string;
  #subscriber: Subscriber | undefined;
  /** Numbers of probes: the last that was sent, answered by the server, and heard. */
  #sent = 0;
  #answered = 0;
  #heard = 0;
  #missed = 0;
  #patience = FIRST_PATIENCE;
  #isClosed = false;

  constructor(
    private readonly client: RedisClient,
    /** Where every node listens. */
    private readonly channel: string,
  ) {
    this.#own = `${channel}:${randomUUID()}`;
  }

  /** Whether the last probe was heard. */
  get isAlive(): boolean {
    return this.#heard > 0 && this.#missed === 0;
  }

  /** Calls a listener from now on. @returns ends it. */
  listen(listener: (what: StoreNews) => void): () => void {
    this.#listeners.add(listener);
    if (this.#subscriber === undefined) this.#open();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#end();
    };
  }

  /** What the next reading is to publish; `undefined` where nobody listens. */
  nextProbe(): NewsProbe | undefined {
    if (this.#subscriber === undefined) return undefined;
    this.#missed = this.#heard >= this.#answered ? 0 : this.#missed + 1;
    if (this.#missed >= this.#patience) {
      this.#patience = Math.min(2 * this.#patience, LONGEST_PATIENCE);
      this.#end();
      this.#open();
    }
    return { channel: this.#own, message: String(++this.#sent) };
  }

  /** The server has run a script that published a probe. */
  onAnswer(probe: NewsProbe | undefined): void {
    if (probe !== undefined) this.#answered = Math.max(this.#answered, Number(probe.message));
  }

  /** Ends the connection for good. */
  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#end();
  }

  #open(): void {
    const subscriber = this.#isClosed ? undefined : (this.client.duplicate?.() as Partial<Subscriber> | undefined);
    // A pool has no subscriptions.
    if (typeof subscriber?.subscribe !== 'function') return;
    this.#subscriber = subscriber as Subscriber;
    void this.#subscribe(this.#subscriber);
  }

  async #subscribe(subscriber: Subscriber): Promise<void> {
    // Without a listener it would end the process. That nothing is heard is found out by the probes.
    subscriber.on('error', () => undefined);
    try {
      await subscriber.connect();
      await subscriber.subscribe(this.#own, (message) => this.#onEcho(message));
      await subscriber.subscribe(this.channel, (message) => {
        if (message === 'control' || message === 'revocations') this.#tell(message);
      });
      // Whenever it was not there, something may have been said.
      subscriber.on('ready', () => this.#tell('revocations', 'control'));
      if (subscriber === this.#subscriber) this.#tell('revocations', 'control');
    } catch {
      // After some readings again.
    }
  }

  #onEcho(message: string): void {
    const number = Number(message);
    // Anybody who can write to Redis can write here.
    if (!(number <= this.#sent)) return;
    this.#heard = Math.max(this.#heard, number);
    this.#patience = FIRST_PATIENCE;
  }

  #tell(...news: readonly StoreNews[]): void {
    for (const listener of this.#listeners) for (const what of news) listener(what);
  }

  #end(): void {
    const subscriber = this.#subscriber;
    this.#subscriber = undefined;
    this.#missed = 0;
    this.#heard = 0;
    try {
      subscriber?.destroy();
    } catch {
      // One that has ended by itself.
    }
  }
}
