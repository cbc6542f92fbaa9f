import { LoadConnection } from '../measure/load-connection.js';
import { maskedFrame, OPCODES } from '../measure/frames.js';
import type { LoadTarget } from '../measure/upgrade-request.js';
import { traderToken } from '../orders/identity.js';
import { PLACE_ORDER } from '../orders/order-batch.js';
import { honestAccountId, honestId } from './siege-plan.js';

/** How often an honest client orders something, and how long it waits for the answer. */
const ORDER_EVERY_MS = 100;
const PATIENCE_MS = 10_000;
const RECONNECT_MS = 250;

/** What became of one order. */
export interface Order {
  /** When it was due to be sent: what the client was held up before is part of how long it took. */
  readonly at: number;
  /** In milliseconds; `undefined` where no answer, or another one, came. */
  readonly tookMs: number | undefined;
}

/** Somebody who orders one thing after the other, and comes back where they were thrown out. */
export class HonestClient {
  readonly orders: Order[] = [];
  #connection: LoadConnection | undefined;
  #isOver = false;

  constructor(
    private readonly port: number,
    private readonly person: number,
  ) {}

  /** Orders until {@link stop}. */
  async run(): Promise<void> {
    for (let number = 1; !this.#isOver; number++) {
      const at = performance.now();
      this.orders.push({ at, tookMs: await this.#order(number, at) });
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, at + ORDER_EVERY_MS - performance.now())));
    }
    await this.#connection?.close();
  }

  stop(): void {
    this.#isOver = true;
  }

  async #order(number: number, at: number): Promise<number | undefined> {
    const data = { accountId: honestAccountId(this.person), symbol: 'SYM', quantity: number, price: 10.25 };
    const frame = maskedFrame(OPCODES.TEXT, Buffer.from(JSON.stringify({ event: PLACE_ORDER, data })));
    try {
      this.#connection ??= await LoadConnection.open(this.#target);
      const [reply = ''] = await inTime(this.#connection.exchange(frame, 1));
      return (JSON.parse(reply) as { data?: { quantity?: unknown } }).data?.quantity === number
        ? performance.now() - at
        : undefined;
    } catch {
      // Thrown out, refused or forgotten.
      this.#connection?.abandon();
      this.#connection = undefined;
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      return undefined;
    }
  }

  get #target(): LoadTarget {
    const token = traderToken(honestId(this.person));
    return { port: this.port, path: '/orders', headers: { Authorization: `Bearer ${token}` } };
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('No answer came in time.')), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
