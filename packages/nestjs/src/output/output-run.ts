import { takeHold } from '../core/give-up.js';

export interface OutputLimits {
  /** How deep data may be nested: beyond that it is a cycle, or nothing that a client should be given. */
  readonly depth: number;
  /** How many values there may be: a graph of which every path is walked has no end. */
  readonly values: number;
}

const OF_FRAMES: OutputLimits = Object.freeze({ depth: 32, values: 500_000 });

/** How many values are looked at, of what is left out. */
const MAX_LEFT_OUT = 10_000;

/** What was to go out is not what was declared: nothing of it goes out. The text is for the log. */
export class UnfitOutputError extends TypeError {
  override readonly name = 'UnfitOutputError';
  /** The way to it, from the outside in. */
  readonly path: string[] = [];

  constructor(
    private readonly problem: string,
    private readonly fix = '',
  ) {
    super();
  }

  override get message(): string {
    const place = this.path.length === 0 ? 'What was to be sent' : `\`${this.path.join('.')}\` of what was to be sent`;
    return `${place} ${this.problem}${this.fix === '' ? '.' : `: ${this.fix}.`}`;
  }
}

/** The writing of one value for one kind of recipient. */
export class OutputRun {
  #depth = 0;
  #values = 0;

  #looks = MAX_LEFT_OUT;
  #hasAskedRoles = false;

  constructor(
    private readonly ofRecipient: readonly string[],
    /** Whether a field that is not declared is a mistake, and not only left out. */
    readonly refusesUndeclared: boolean,
    private readonly limits = OF_FRAMES,
  ) {}

  /** The roles of who gets it. */
  get roles(): readonly string[] {
    this.#hasAskedRoles = true;
    return this.ofRecipient;
  }

  /** Whether what was written depends on the roles of who gets it. */
  get hasAskedRoles(): boolean {
    return this.#hasAskedRoles;
  }

  /** @throws {UnfitOutputError} where there is no end to it. */
  enter(): void {
    this.count();
    if (++this.#depth > this.limits.depth) throw new UnfitOutputError('is nested too deeply, or contains itself');
  }

  leave(): void {
    this.#depth--;
  }

  /** @throws {UnfitOutputError} where there is no end to it. */
  count(): void {
    if (++this.#values > this.limits.values) throw new UnfitOutputError('has too many values, or contains itself');
  }

  /**
   * Takes hold of the promises in what is not sent, since nobody is told that they reject. Of all that is left out of one
   * value, 10,000 values are looked at, and no accessor is called.
   */
  leaveOut(value: unknown): void {
    if (typeof value === 'object' && value !== null && this.#looks > 0) this.#looks -= takeHold(value, this.#looks);
  }

  /** As {@link leaveOut}, of the properties of an object that are not in `written`. */
  leaveOutOf(value: object, written: ReadonlySet<PropertyKey>): void {
    if (this.#looks <= 0) return;
    const names = Object.keys(value);
    this.#leaveOutNamed(value, names, written);
    if (Object.getOwnPropertySymbols(value).length > 0 || Object.getOwnPropertyNames(value).length > names.length) {
      const named = new Set<PropertyKey>([...written, ...names]);
      this.#leaveOutNamed(value, Reflect.ownKeys(value), named);
    }
  }

  #leaveOutNamed(value: object, names: readonly PropertyKey[], written: ReadonlySet<PropertyKey>): void {
    for (const name of names) {
      if (written.has(name)) continue;
      if (--this.#looks < 0) return;
      this.leaveOut(Object.getOwnPropertyDescriptor(value, name)?.value);
    }
  }
}
