import { types } from 'node:util';
import { takeHold } from '../core/give-up.js';
import { holdStream } from '../core/streams.js';

export interface OutputLimits {
  /** How deep data may be nested: beyond that it is a cycle, or nothing that a client should be given. */
  readonly depth: number;
  /** How many values there may be: a graph of which every path is walked has no end. */
  readonly values: number;
}

const OF_FRAMES: OutputLimits = Object.freeze({ depth: 32, values: 500_000 });

/** How many properties of objects are looked at, whether they are left out: of a long list the first rows are like the others. */
const MAX_PROPERTIES = 1000;

/** How many values are looked at inside of what is left out: on one relation of an entity may hang everything there is. */
const MAX_LEFT_OUT = 64;

/** How many objects are asked in a row for what they hide, which costs more than all else, and hide nothing. */
const MAX_ASKED = 16;

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

  #properties = MAX_PROPERTIES;
  #looks = MAX_LEFT_OUT;
  #asks = MAX_ASKED;
  #hasAskedRoles = false;

  /**
   * The view that wrote `{}` of a wrapper around what was meant to go out, such as the `{ data: ... }` of an interceptor. What the
   * wrapper's members are called is not kept: that may be what a client wrote.
   */
  wrapped: string | undefined;

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
   * Takes hold of the promises in what is not sent, since nobody is told that they reject: of the value itself, and of what
   * is found inside of it. Inside of all that is left out of one reply 64 values are looked at, the outermost first, and no
   * accessor is called.
   */
  leaveOut(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    if (types.isDate(value) || ArrayBuffer.isView(value)) return;
    const isPromise = types.isPromise(value);
    // Where one row has one, each of the others may.
    if (isPromise) this.#properties = MAX_PROPERTIES;
    // Without looks a promise is held by itself.
    if (this.#looks > 0 || isPromise) this.#looks -= takeHold(value, this.#looks);
    else holdStream(value);
  }

  /**
   * As {@link leaveOut}, of the properties of an object that are not in `written`, among the first 1000 of one reply and the
   * 1000 behind each promise that was found there. Those
   * under symbols, and those that cannot be enumerated, are looked for until 16 objects in a row had none.
   */
  leaveOutOf(value: object, written: ReadonlySet<PropertyKey>): void {
    if (this.#properties <= 0) return;
    const names = Object.keys(value);
    this.#properties -= names.length;
    this.#leaveOutNamed(value, names, written);
    if (this.#asks <= 0) return;
    const all = Reflect.ownKeys(value);
    if (all.length > names.length) {
      this.#asks = MAX_ASKED;
      this.#leaveOutNamed(value, all, new Set<PropertyKey>([...written, ...names]));
    } else {
      this.#asks--;
    }
  }

  #leaveOutNamed(value: object, names: readonly PropertyKey[], written: ReadonlySet<PropertyKey>): void {
    for (const name of names) {
      if (!written.has(name)) this.leaveOut(Object.getOwnPropertyDescriptor(value, name)?.value);
    }
  }
}
