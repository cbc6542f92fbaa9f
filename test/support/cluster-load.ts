import { setTimeout as after } from 'node:timers/promises';
import { type Client, connect } from './queueing-client.js';
import { shapeOf } from './cluster-node.js';
import { handshake } from './handshake.js';

/** How long a client thinks before it says something again, and how often somebody comes, in milliseconds. */
const THINKS_MS = 20;
const COMES_EVERY_MS = 50;

/** What happened to honest people while something else failed. */
export interface LoadFigures {
  /** Messages that were answered, and the longest time that one took. */
  readonly answered: number;
  readonly longestMs: number;
  /** Connections that ended. */
  readonly closed: number;
  /** How those who came were answered, by status. */
  readonly came: Readonly<Record<number, number>>;
}

/** Honest people who stay and talk, and others who come and go, until {@link stop}. */
export class ClusterLoad {
  readonly #came: Record<number, number> = {};
  readonly #work: Promise<void>[];
  #isOver = false;
  #answered = 0;
  #longestMs = 0;
  #closed = 0;

  private constructor(
    private readonly url: string,
    people: readonly Client[],
  ) {
    this.#work = [...people.map((client) => this.#talk(client)), this.#come()];
  }

  /** Begins. @param name what those who stay are called: each stays with one connection. */
  static async start(url: string, name: string, people = 8): Promise<ClusterLoad> {
    const names = Array.from({ length: people }, (_, i) => `${name}-${i}`);
    return new ClusterLoad(url, await Promise.all(names.map((each) => connect(url, shapeOf(each)))));
  }

  /** Ends, when all that was asked is answered. */
  async stop(): Promise<LoadFigures> {
    this.#isOver = true;
    await Promise.all(this.#work);
    return { answered: this.#answered, longestMs: Math.round(this.#longestMs), closed: this.#closed, came: this.#came };
  }

  async #talk(client: Client): Promise<void> {
    try {
      while (!this.#isOver) {
        const asked = performance.now();
        if ((await client.request('order')).data !== 'done') throw new Error('It was not answered as usual.');
        this.#longestMs = Math.max(this.#longestMs, performance.now() - asked);
        this.#answered++;
        await after(THINKS_MS);
      }
    } catch {
      this.#closed++;
    }
  }

  async #come(): Promise<void> {
    for (let i = 0; !this.#isOver; i++) {
      const answer = await handshake(this.url, shapeOf(`guest-${i}`)).catch(() => ({ status: 0 }));
      const status = answer === 'open' ? 101 : answer.status;
      this.#came[status] = (this.#came[status] ?? 0) + 1;
      await after(COMES_EVERY_MS);
    }
  }
}
