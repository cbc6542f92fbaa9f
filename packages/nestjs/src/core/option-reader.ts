import type { Type } from '@nestjs/common';
import type { BootProblems } from './boot-problems.js';

/** Bounds of a numeric option. */
export interface NumberBounds {
  /** @default 1 */
  readonly min?: number;
  /** The hard ceiling; a larger value is refused. @default Number.MAX_SAFE_INTEGER */
  readonly max?: number;
  /** Whether `Infinity` ("no limit", with a warning at boot) is allowed. @default false */
  readonly allowInfinity?: boolean;
}

/** Options with their defaults filled; those that may be left out without one are `undefined` then. */
export type Filled<Options, WithoutDefault extends keyof Options = never> = {
  readonly [Name in keyof Options]-?: Name extends WithoutDefault ? Options[Name] | undefined : Options[Name];
};

/** What is said of a required setting that is not there: mostly nobody has set its variable. */
export const NOT_SET = 'is missing. If it comes from the environment, the variable is not set.';

/** Durations go into `setTimeout`, which overflows above this and then fires after 1 ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Reads one level of an options object: checks each field, fills its default, and in {@link finish} refuses the keys
 * that nobody read (OWASP ASVS 5.0 2.2.1: a misspelt option must not be an option that is off).
 *
 * Nothing here throws: problems are collected, and a default is returned in place of a bad value so that reading goes on.
 */
export class OptionReader {
  readonly #source: Readonly<Record<string, unknown>>;
  readonly #seen = new Set<string>();

  constructor(
    source: unknown,
    /** The path of this level, such as `handshake`; empty for the root. */
    readonly path: string,
    readonly problems: BootProblems,
  ) {
    this.#source = isPlainObject(source) ? source : {};
    if (source === undefined || isPlainObject(source)) return;
    const where = path === '' ? 'options' : path;
    problems.add(where, 'must be an object.', `${where}: { ... }`);
  }

  /** The full path of a field of this level. */
  pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  /** The raw value of a field, marked as known. */
  raw(name: string): unknown {
    this.#seen.add(name);
    return Object.hasOwn(this.#source, name) ? this.#source[name] : undefined;
  }

  /** Whether the user wrote this field. */
  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  /** Whether the user wrote this field, with whatever value: that of a variable which is not set is `undefined`. */
  isWritten(name: string): boolean {
    this.#seen.add(name);
    return Object.hasOwn(this.#source, name);
  }

  /** Records a problem with a field. */
  fail(name: string, problem: string, fix: string): undefined {
    this.problems.add(this.pathOf(name), problem, fix);
  }

  /** Records a problem with a field that is closed by another value: `example` stands for it. */
  refuse(name: string, problem: string, example: string): undefined {
    this.fail(name, problem, this.#lineOf(name, example));
  }

  /** The line to write: of a decorator as it stands above its class or method, of other options with their path. */
  #lineOf(name: string, example: string): string {
    const [, decorator, levels = ''] = /^\S+ (@\w+)((?:\.\w+)*)$/.exec(this.path) ?? [];
    if (decorator === undefined) return `${this.pathOf(name)}: ${example}`;
    const within = levels.split('.').slice(1);
    const inner = within.reduceRight((line, level) => `${level}: { ${line} }`, `${name}: ${example}`);
    return `${decorator}({ ${inner} })`;
  }

  /** Records that a field weakens the module. */
  warn(name: string, warning: string): void {
    this.problems.warn(this.pathOf(name), warning);
  }

  /** A field that passes a check; `undefined` where it is not there, or is refused with what it must be. */
  checked<T>(
    name: string,
    isRight: (value: unknown) => value is T,
    requirement: string,
    example: string,
    text = 'a string',
  ): T | undefined {
    const value = this.raw(name);
    if (value === undefined || isRight(value)) return value;
    const found = Array.isArray(value) ? '' : `; it is ${typeof value === 'string' ? text : describe(value)}`;
    return this.refuse(name, `${requirement}${found}.`, example);
  }

  /** A whole number: a count, or a size in bytes. */
  count(name: string, fallback: number, bounds: NumberBounds = {}): number {
    const { min = 1, max = Number.MAX_SAFE_INTEGER, allowInfinity = false } = bounds;
    if (allowInfinity && this.raw(name) === Infinity) {
      this.warn(name, 'is Infinity: there is no limit.');
      return Infinity;
    }
    const isInBounds = (value: unknown): value is number =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
    const upTo = max === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${max}`;
    const orInfinity = allowInfinity ? ', or Infinity for no limit' : '';
    const requirement = `must be a whole number of at least ${min}${upTo}${orInfinity}`;
    return this.checked(name, isInBounds, requirement, String(fallback)) ?? fallback;
  }

  /** A duration in milliseconds. */
  ms(name: string, fallback: number, bounds: NumberBounds = {}): number {
    return this.count(name, fallback, { max: MAX_TIMER_MS, ...bounds });
  }

  /** A flag. */
  boolean(name: string, fallback: boolean): boolean {
    const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
    return this.checked(name, isBoolean, 'must be true or false', String(fallback)) ?? fallback;
  }

  /** One of a few words. */
  oneOf<const Word extends string>(name: string, words: readonly Word[], fallback: Word): Word {
    const isWord = (value: unknown): value is Word => words.some((word) => word === value);
    const list = words.map((word) => `'${word}'`).join(', ');
    const requirement = `must be ${words.length > 1 ? 'one of ' : ''}${list}`;
    return this.checked(name, isWord, requirement, `'${fallback}'`, 'another text') ?? fallback;
  }

  /** A non-empty string. */
  string(name: string): string | undefined {
    return this.checked(name, isText, 'must be a non-empty string', `'...'`, 'empty');
  }

  /** A list of non-empty strings. */
  strings(name: string): readonly string[] | undefined {
    const isList = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
    const list = this.checked(name, isList, 'must be a list of non-empty strings', `['...']`);
    return list === undefined ? undefined : Object.freeze([...list]);
  }

  /** A function. */
  callback<F extends (...args: never[]) => unknown>(name: string): F | undefined {
    const isFunction = (value: unknown): value is F => typeof value === 'function';
    return this.checked(name, isFunction, 'must be a function', '(...) => ...');
  }

  /** A class of the application that extends one of ours, or an instance of it. @param example such as `Sessions`. */
  classOrInstance<T extends object>(
    name: string,
    parent: AbstractClass<T>,
    example: string,
  ): ClassOrInstance<T> | undefined {
    const requirement = `must be a class or an instance that extends ${parent.name}`;
    return this.checked(name, (value) => isClassOrInstance(value, parent), requirement, example);
  }

  /** The reader of a nested level. */
  object(name: string): OptionReader {
    return new OptionReader(this.raw(name), this.pathOf(name), this.problems);
  }

  /** The readers of a list of nested levels; none for what is not a list. */
  objects(name: string): readonly OptionReader[] {
    const list = this.raw(name);
    if (!Array.isArray(list)) return [];
    return list.map((item, index) => new OptionReader(item, `${this.pathOf(name)}[${index}]`, this.problems));
  }

  /** Refuses every key of this level that nobody read. Call it last; what it is given comes back frozen. */
  finish(): void;
  finish<T extends object>(resolved: T): Readonly<T>;
  finish(resolved?: object): object | undefined {
    for (const key of Object.keys(this.#source)) {
      if (this.#seen.has(key)) continue;
      const near = nearestOf(key, this.#seen);
      const known = [...this.#seen].sort().join(', ');
      const remedy = known === '' ? 'remove it' : `remove it; the options here are ${known}`;
      this.fail(key, 'is not an option.', near === undefined ? remedy : `did you mean ${this.pathOf(near)}?`);
    }
    return Object.freeze(resolved);
  }
}

/** The known name that a misspelt one stands for, or `undefined` where none is near. */
export function nearestOf(key: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  // A third of the letters may be wrong: `orign`, `maxMesageByte`, but not `a` for `b`.
  let best = Math.floor(key.length / 3) + 1;
  for (const name of known) {
    const distance = editDistance(key.toLowerCase(), name.toLowerCase());
    if (distance < best) [nearest, best] = [name, distance];
  }
  return nearest;
}

/** How many letters differ, are missing or too many (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const kept = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(kept, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Whether a value is an object that is neither `null` nor a list. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type AbstractClass<T> = abstract new (...args: never[]) => T;

/** A class of the application, of which Nest makes or has the instance; or an instance. */
export type ClassOrInstance<T> = Type<T> | T;

/** Whether a value is a class that extends another one, or an instance of it. */
export function isClassOrInstance<T extends object>(
  value: unknown,
  parent: AbstractClass<T>,
): value is ClassOrInstance<T> {
  return value instanceof parent || (typeof value === 'function' && value.prototype instanceof parent);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Names a bad value without quoting what may be a secret. */
function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))) return 'another class';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
