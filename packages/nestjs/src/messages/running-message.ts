import type { MessageId } from '@secure-ws/protocol';
import type { DeadlineList } from '../core/deadline-list.js';
import { WsMessageContext } from '../core/message-context.js';
import type { ManagedConnection } from '../lifecycle/managed-connection.js';
import type { BoundHandler } from './bound-handler.js';
import type { ConnectionPipeline } from './connection-pipeline.js';

/** A message that passed the checks that need no waiting, with the slot that it holds. */
export class RunningMessage extends WsMessageContext {
  override readonly isPiped: boolean = true;
  /** Whether it still holds a slot of its connection. */
  holdsSlot = true;
  #deadlines: DeadlineList<RunningMessage> | undefined;

  constructor(
    readonly pipeline: ConnectionPipeline,
    readonly handler: BoundHandler,
    override readonly connection: ManagedConnection,
    id: MessageId | undefined,
    /** When its present phase began, in monotonic milliseconds. */
    public startedAt: number,
  ) {
    super(connection, connection.principal, handler.plan.event, id, connection.epoch);
  }

  /** Whether it still waits for an answer, and nothing changed since it was judged. */
  get isCurrent(): boolean {
    return !this.isSettled && this.epoch === this.connection.epoch && this.connection.isOpen;
  }

  /** Starts the deadline of its present phase. */
  startDeadline(deadlines: DeadlineList<RunningMessage>, now: number): void {
    this.endDeadline();
    this.#deadlines = deadlines;
    deadlines.add(this, now);
  }

  /** Ends the deadline of its present phase. */
  endDeadline(): void {
    this.#deadlines?.remove(this);
    this.#deadlines = undefined;
  }

  protected override onSignalTaken(): void {
    this.pipeline.keepForAbort(this);
  }

  /** The list has dropped it: its time is over. */
  onDeadlineExpired(): void {
    this.#deadlines = undefined;
  }
}
