import { type Decision, FORWARD, type ProxyMessage } from '../proxy-message.js';

/** How many messages are held at once, over all connections. */
export const MAX_HELD = 50;

/** Calls something after so many milliseconds. @returns what keeps it from being called. */
export type After = (ms: number, run: () => void) => () => void;

/** The timers of Node, none of which keeps the process running. */
export const afterTimeout: After = (ms, run) => {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
};

/** Messages that wait for a person, or for their time. What is decided twice counts once. */
export class HeldMessages {
  private readonly waiting = new Map<
    number,
    { readonly message: ProxyMessage; readonly decide: (decision: Decision) => void }
  >();

  constructor(private readonly after: After = afterTimeout) {}

  get isFull(): boolean {
    return this.waiting.size >= MAX_HELD;
  }

  get(id: number): ProxyMessage | undefined {
    return this.waiting.get(id)?.message;
  }

  /** The earliest first. */
  get messages(): readonly ProxyMessage[] {
    return [...this.waiting.values()].map(({ message }) => message);
  }

  /**
   * Holds a message until {@link decide}, and no longer than `ms`: then it goes through as it came.
   *
   * @param gone aborts when there is nobody any more whom it could reach.
   */
  hold(message: ProxyMessage, ms: number, late: Decision, gone: AbortSignal): Promise<Decision> {
    return new Promise((resolve) => {
      const decide = (decision: Decision): void => {
        cancel();
        gone.removeEventListener('abort', onGone);
        this.waiting.delete(message.id);
        resolve(decision);
      };
      const onGone = (): void => decide({ kind: 'drop', why: 'the connection is gone' });
      const cancel = this.after(ms, () => decide(late));
      this.waiting.set(message.id, { message, decide });
      gone.addEventListener('abort', onGone);
      if (gone.aborted) onGone();
    });
  }

  /** @returns false where no message of this number is held. */
  decide(id: number, decision: Decision = FORWARD): boolean {
    const held = this.waiting.get(id);
    held?.decide(decision);
    return held !== undefined;
  }
}
