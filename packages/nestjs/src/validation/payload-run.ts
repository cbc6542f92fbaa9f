import type { ValidationIssue } from '@secure-ws/protocol';
import { giveUp } from '../core/give-up.js';
import type { DtoSelection } from '../nest/transformer-storage.js';

/** How many issues a refusal lists. With this many, the rest of a payload is not looked at. */
export const MAX_ISSUES = 5;

export interface PayloadCheck {
  /**
   * Checks a decoded payload.
   *
   * @param roles those of the sender, for what `@WsInputRoles()` closes. Without them all of that is closed.
   * @returns what the handler gets (for a class, a new instance of it), or a {@link PayloadRefusal}; as a promise only
   * where a validator is asynchronous.
   * @throws what an asynchronous validator rejects with, or a schema throws: neither says anything of the payload, which
   * is refused all the same. A validator, accessor or constructor of a DTO that throws at once has refused the payload.
   */
  check(sent: unknown, roles?: readonly string[]): unknown;

  /** Whether what was open to a sender is open to it with other roles too: a refresh may take some away after the check. */
  isAsOpen(before: readonly string[], now: readonly string[]): boolean;
}

export interface CompileOptions {
  /**
   * Whether issues carry class-validator's messages, which quote values and names that the client sent.
   *
   * @default false
   */
  readonly detailedErrors?: boolean;
  /**
   * The groups and the version that a DTO class is read for.
   *
   * @default none: rules of all groups, properties without a group, all versions
   */
  readonly selection?: DtoSelection;
}

/** A payload that was refused. Recognised by `instanceof`; a payload that passed is handed on as it is, unwrapped. */
export class PayloadRefusal {
  constructor(
    /** At most {@link MAX_ISSUES}, never empty. Neither values nor names that the client made up. */
    readonly issues: readonly ValidationIssue[],
    /** What a validator or a transformation threw, if one did: for the operator's log, never for the client. */
    readonly cause?: unknown,
  ) {}
}

/** How many answers one payload may make the server wait for: each is a look-up in somebody's database. */
export const MAX_LOOKUPS = 100;

/** Where in a payload a check is: a chain that becomes text only when something fails there. */
export class IssuePath {
  constructor(
    readonly parent: IssuePath | undefined,
    readonly key: string | number,
  ) {}
}

/** One kind of payload, or of a part of one. */
export interface PayloadReader {
  /**
   * Checks a decoded value, and tells `run` what is wrong with it.
   *
   * @returns what the handler gets; a promise of it only from an asynchronous schema, which `run` then waits for too.
   */
  read(sent: unknown, run: PayloadRun, path: IssuePath | undefined): unknown;
}

/** One check of one payload: the issues so far, and what has not answered. */
export class PayloadRun {
  #issues: ValidationIssue[] | undefined;
  #late: (() => void)[] | undefined;
  #pending: Promise<unknown>[] | undefined;
  #lookups = 0;
  #transformed: unknown[] | undefined;
  #cause: unknown;

  constructor(readonly hasMessages: boolean) {}

  /** Whether there are as many issues as a refusal lists: looking on would change nothing. */
  get isFull(): boolean {
    return this.#issues !== undefined && this.#issues.length >= MAX_ISSUES;
  }

  /**
   * Records a failed rule.
   *
   * @param property the property below `path`; `undefined` for the value at `path` itself.
   */
  fail(path: IssuePath | undefined, property: string | number | undefined, rule: string, message?: string): void {
    const issues = (this.#issues ??= []);
    // Asynchronous rules may fail after the list was full.
    if (issues.length >= MAX_ISSUES) return;
    const at = textOf(path, property);
    issues.push(message === undefined ? { path: at, rule } : { path: at, rule, message });
  }

  /** Remembers what a rule threw; the rule itself counts as failed. */
  blame(cause: unknown): void {
    this.#cause ??= cause;
  }

  /** Puts off a rule that looks something up until everything else has passed. */
  askLate(ask: () => void): void {
    (this.#late ??= []).push(ask);
  }

  /** Remembers what transformations of the application made: one that is asynchronous may reject when nobody waits for it. */
  keepTransformed(value: unknown): void {
    (this.#transformed ??= []).push(value);
  }

  /**
   * Counts one look-up.
   *
   * @throws RangeError beyond {@link MAX_LOOKUPS}.
   */
  countLookup(): void {
    if (++this.#lookups > MAX_LOOKUPS) {
      throw new RangeError(
        `One payload asks for more than ${MAX_LOOKUPS} look-ups; bound its list by @ArrayMaxSize().`,
      );
    }
  }

  /** Waits for an answer before there is an outcome. A rejection is taken, whatever becomes of the run. */
  wait<T>(answer: Promise<T>): Promise<T> {
    answer.catch(() => undefined);
    (this.#pending ??= []).push(answer);
    return answer;
  }

  /**
   * The outcome, once every rule has answered: `value`, or the refusal.
   *
   * @returns a promise only where something has to be waited for. It rejects with what a rule rejects with.
   */
  outcome(value: unknown): unknown {
    if (this.#late !== undefined) for (const ask of this.#late) if (this.#issues === undefined) ask();
    if (this.#pending === undefined) return this.#judged(value);
    return Promise.all(this.#pending).then(async () => this.#judged(await value));
  }

  #judged(value: unknown): unknown {
    if (this.#issues === undefined) return value;
    for (const each of this.#transformed ?? []) giveUp(each);
    return new PayloadRefusal(this.#issues, this.#cause);
  }
}

function textOf(path: IssuePath | undefined, property: string | number | undefined): string {
  let text = property === undefined ? '' : String(property);
  for (let node = path; node !== undefined; node = node.parent)
    text = text === '' ? String(node.key) : `${node.key}.${text}`;
  return text;
}

/** The reader of a primitive type, which converts nothing; `undefined` for everything else. */
export function primitiveReader(type: unknown): PayloadReader | undefined {
  if (type === String) return primitive('isString', (value) => typeof value === 'string');
  // NaN and Infinity are numbers that no comparison of a handler expects.
  if (type === Number) return primitive('isNumber', (value) => Number.isFinite(value));
  if (type === Boolean) return primitive('isBoolean', (value) => typeof value === 'boolean');
  return undefined;
}

function primitive(rule: string, test: (value: unknown) => boolean): PayloadReader {
  return {
    read(sent, run, path) {
      if (!test(sent)) run.fail(path, undefined, rule);
      return sent;
    },
  };
}
