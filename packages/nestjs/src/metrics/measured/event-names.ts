import { ERROR_EVENT } from '@secure-ws/protocol';

/** What every event is called that is on no list. */
export const OTHER = 'other';

/** What the module sends and takes by itself. */
const OF_THE_MODULE = ['$auth', '$refresh', ERROR_EVENT];

/** The events that have series of their own: those of handlers, those of the module, and those that the application lists. */
export class EventNames {
  readonly #names: ReadonlySet<string>;

  constructor(handled: readonly string[], listed: readonly string[]) {
    this.#names = new Set([...handled, ...OF_THE_MODULE, ...listed]);
  }

  /** Every name that something is counted under. */
  get labels(): readonly string[] {
    return [...this.#names, OTHER];
  }

  /** The event itself, or `other` (MO-11). */
  labelOf(event: string | undefined): string {
    return event !== undefined && this.#names.has(event) ? event : OTHER;
  }
}
