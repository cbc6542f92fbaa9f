import { FORWARD, type ProxyMessage, type Verdict } from '../proxy-message.js';

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
    { readonly message: ProxyMessage; readonly decide: (verdict: Verdict) => void }
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
  hold(message: ProxyMessage, ms: number, late: Verdict, gone: AbortSignal): Promise<Verdict> {
    return new Promise((resolve) => {
      const decide = (verdict: Verdict): void => {
        cancel();
        gone.removeEventListener('abort', onGone);
        this.waiting.delete(message.id);
        resolve(verdict);
      };
      const onGone = (): void => decide({ kind: 'drop', why: 'the connection is gone' });
      const cancel = this.after(ms, () => decide(late));
      this.waiting.set(message.id, { message, decide });
      gone.addEventListener('abort', onGone);
      if (gone.aborted) onGone();
    });
  }

  /** @returns false where no message of this number is held. */
  decide(id: number, verdict: Verdict = FORWARD): boolean {
    const held = this.waiting.get(id);
    held?.decide(verdict);
    return held !== undefined;
  }
}
