// The inside of the compiled package: what the steps of the chain cost cannot be seen from without.
import type * as messages from '../../packages/nestjs/dist/messages/message.js';
import type * as messageSteps from '../../packages/nestjs/dist/messages/message-steps.js';
import type * as pipelines from '../../packages/nestjs/dist/messages/connection-pipeline.js';
import { PLACE_ORDER } from './order-batch.js';

const INSIDE = new URL('../../../packages/nestjs/dist/messages/', import.meta.url);
const { Message } = (await import(new URL('message.js', INSIDE).href)) as typeof messages;
const { ARRIVAL_STEPS } = (await import(new URL('message-steps.js', INSIDE).href)) as typeof messageSteps;
const { ConnectionPipeline } = (await import(new URL('connection-pipeline.js', INSIDE).href)) as typeof pipelines;

/** How many messages are on their way before the event loop goes round, as when they come over a socket. */
const AT_ONCE = 8;

/** The chain of orders on one connection, which can be cut off after any of its steps. */
export class Chain {
  /** The names of the steps, in their order. */
  readonly names: readonly string[];
  readonly #pipeline: pipelines.ConnectionPipeline;
  readonly #handler: messages.MessageHandler;

  /**
   * @param connection as the module keeps it.
   * @throws Error when it is none, or has no handler for orders.
   */
  constructor(connection: object | undefined) {
    const work = connection !== undefined && 'work' in connection ? connection.work : undefined;
    if (!(work instanceof ConnectionPipeline)) throw new Error('There is no connection whose messages could be run.');
    const found = work.route({ event: PLACE_ORDER } as messages.Message);
    if (found === undefined || !('plan' in found)) throw new Error('The connection has no handler for orders.');
    this.#pipeline = work;
    this.#handler = found;
    this.names = [...ARRIVAL_STEPS, ...found.steps].map(({ name }) => name);
  }

  /** Runs messages through the first `length` steps. */
  async run(frame: Buffer, length: number, times: number): Promise<void> {
    const pipeline = this.#pipeline;
    const arrival = ARRIVAL_STEPS.slice(0, length);
    const steps = this.#handler.steps.slice(0, Math.max(0, length - ARRIVAL_STEPS.length));
    pipeline.bind({ ...this.#handler, steps });
    for (let ordinal = 1; ordinal <= times; ordinal++) {
      const now = pipeline.engine.clock.monotonic();
      new Message(pipeline, arrival, frame, frame.length, false, ordinal, now).run();
      if (ordinal % AT_ONCE === 0) await new Promise(setImmediate);
    }
    // What has waited counts where it was sent.
    await new Promise(setImmediate);
    pipeline.bind(this.#handler);
  }
}
