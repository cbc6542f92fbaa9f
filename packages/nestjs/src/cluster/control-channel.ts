import { withDeadline } from '../core/awaitable.js';
import type { Clock } from '../core/clock.js';
import { randomId } from '../core/identifier.js';
import { LogReader } from '../core/log-reader.js';
import type { ControlLine } from '../store/control-line.js';
import { SecureWsStoreError, type StoreForgery } from '../store/secure-ws.store.js';
import { type ControlMessage, ControlSeal } from './control-seal.js';
import { ReplayGuard } from './replay-guard.js';

/** How many messages are read at once. */
const BATCH = 100;

/** How often a node says that it lives, and how long that is believed, in milliseconds. */
const BEAT_EVERY_MS = 5000;
const BEAT_TTL_MS = 15_000;

/** How many messages wait to be said. */
const MAX_WAITING = 1000;

/** How long the store may take when this node leaves, in milliseconds. */
const LEAVE_WITHIN_MS = 1000;

/** What a {@link ControlChannel} tells. Nothing here may throw. */
export interface ControlListener {
  /** A message of another node, fresh and genuine. */
  onMessage(message: ControlMessage): void;
  /** Messages are gone that this node has not read. */
  onGap(): void;
  /** Something that no node has written, or has not written there. */
  onForged(what: StoreForgery): void;
}

/** What this node hears from the others and says to them. */
export class ControlChannel {
  /** Of this process. */
  readonly node = randomId();
  readonly #seal: ControlSeal;
  readonly #guard = new ReplayGuard();
  #position: string | undefined;
  #seq = 0;
  #waiting = 0;
  /** Said one after the other: a message that overtakes another would be taken for a replay. */
  #said: Promise<unknown> = Promise.resolve();
  readonly #reader = new LogReader(() => this.#hear());
  #isBeating = false;
  #beatAt = -Infinity;
  #isClosed = false;

  constructor(
    private readonly line: ControlLine,
    private readonly clock: Clock,
    private readonly listener: ControlListener,
  ) {
    this.#seal = new ControlSeal(line.key, line.name);
  }

  /**
   * Tells the other nodes.
   *
   * @throws SecureWsStoreError (as a rejection) where the store did not take it, or too many messages wait for it.
   */
  say(kind: string, body: unknown): Promise<void> {
    if (this.#waiting >= MAX_WAITING) return Promise.reject(new SecureWsStoreError('unavailable'));
    this.#waiting++;
    const said = this.#said.then(() => this.#say(kind, body));
    this.#said = said.catch(() => undefined);
    return said;
  }

  async #say(kind: string, body: unknown): Promise<void> {
    this.#waiting--;
    const message = { node: this.node, seq: ++this.#seq, at: Math.floor(this.clock.now()), kind, body };
    await this.line.say(this.#seal.seal(message));
  }

  /** The nodes that live, this one included. @throws SecureWsStoreError (as a rejection) where the store does not say. */
  async nodes(): Promise<readonly string[]> {
    const found = await this.line.beat(this.#seal.signNode(this.node), BEAT_TTL_MS);
    const nodes = new Set([this.node]);
    for (const each of found) {
      const node = this.#seal.readNode(each);
      if (node === undefined) this.listener.onForged('node');
      else nodes.add(node);
    }
    return [...nodes];
  }

  /** Reads on, and says that this node lives. Called by the coarse timer. @param hearsNews whether {@link hint} is called. */
  tick(now: number, hearsNews: boolean): void {
    if (this.#isClosed) return;
    this.#reader.tick(now, hearsNews);
    // One that does not hear yet is not waited for.
    if (this.#position === undefined || this.#isBeating || now - this.#beatAt < BEAT_EVERY_MS) return;
    this.#beatAt = now;
    void this.#beat();
  }

  /** Another node has said something, it is said. */
  hint(): void {
    if (!this.#isClosed) this.#reader.hint();
  }

  /** Makes sure that this node hears what is said from now on. */
  async listen(): Promise<void> {
    if (this.#position === undefined) await this.#reader.read();
  }

  /** Leaves, and does not wait for long. Never rejects. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await withDeadline(this.#leave(), LEAVE_WITHIN_MS, this.clock, undefined);
  }

  async #leave(): Promise<void> {
    try {
      await this.#said;
      await this.line.beat(this.#seal.signNode(this.node), 0);
    } catch {
      // It is forgotten after a while.
    }
  }

  async #beat(): Promise<void> {
    this.#isBeating = true;
    try {
      await this.nodes();
    } catch {
      // The next one tells.
    } finally {
      this.#isBeating = false;
    }
  }

  async #hear(): Promise<void> {
    try {
      for (let isLast = false; !isLast && !this.#isClosed;) {
        const batch = await this.line.hear(this.#position, BATCH);
        if (this.#position !== undefined && !batch.isContinued) this.listener.onGap();
        this.#position = batch.position;
        for (const text of batch.messages) this.#take(text);
        ({ isLast } = batch);
      }
    } catch {
      // A store without an answer is asked again from the same position.
    }
  }

  #take(text: string): void {
    const message = this.#seal.open(text);
    if (message === undefined) return this.listener.onForged('control-message');
    if (message.node === this.node) return;
    const freshness = this.#guard.judge(message, this.clock.now());
    if (freshness === 'replayed') this.listener.onForged('control-message');
    if (freshness === 'fresh' && !this.#isClosed) this.listener.onMessage(message);
  }
}
