import type { DeadlineList } from '../core/deadline-list.js';
import { WsMessageContext } from '../core/message-context.js';
import type { WsConnection } from '../core/ws-connection.js';
import type { MessageEngine, Waiting, WaitingMessage } from './message-engine.js';
import { MessageObservation } from './message-observation.js';

/** A message with what it is timed by: at most one deadline, and the measurements of whoever observes. */
export abstract class TimedMessage extends WsMessageContext implements WaitingMessage {
  // The links and the due time of a DeadlineList: a deadline costs a message no allocation.
  due = 0;
  previous: WaitingMessage | undefined = undefined;
  next: WaitingMessage | undefined = undefined;

  /** What is measured of it; `undefined` where nobody observes. */
  readonly observation: MessageObservation | undefined;

  readonly #engine: MessageEngine;
  #deadline: DeadlineList<WaitingMessage> | undefined = undefined;

  constructor(
    engine: MessageEngine,
    connection: WsConnection,
    readonly bytes: number,
    /** When its present phase began, in monotonic milliseconds. */
    public startedAt: number,
  ) {
    super(connection, connection.principal);
    this.#engine = engine;
    const { observer, clock } = engine;
    this.observation =
      observer === undefined ? undefined : new MessageObservation(observer, connection, bytes, startedAt, clock);
  }

  startDeadline(waiting: Waiting, now: number): void {
    this.endDeadline();
    this.#deadline = this.#engine.deadlines[waiting];
    this.#deadline.add(this, now);
  }

  endDeadline(): void {
    this.#deadline?.remove(this);
    this.#deadline = undefined;
  }

  expired(waiting: Waiting): void {
    this.#deadline = undefined;
    this.onExpired(waiting);
  }

  /** Its deadline is over. */
  protected abstract onExpired(waiting: Waiting): void;

  /** What it waited for is there: its next phase begins. */
  protected resume(): void {
    this.endDeadline();
    this.startedAt = this.#engine.clock.monotonic();
  }
}
