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
    if (source === undefined) {
      this.#source = {};
    } else if (isPlainObject(source)) {
      this.#source = source;
    } else {
      this.#source = {};
      const where = path === '' ? 'options' : path;
      problems.add(where, 'must be an object.', `${where}: { ... }`);
    }
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

  /** Records a problem with a field. */
  fail(name: string, problem: string, fix: string): void {
    this.problems.add(this.pathOf(name), problem, fix);
  }

  /** A whole number: a count, or a size in bytes. */
  count(name: string, fallback: number, bounds: NumberBounds = {}): number {
    const { min = 1, max = Number.MAX_SAFE_INTEGER, allowInfinity = false } = bounds;
    const value = this.raw(name);
    if (value === undefined) return fallback;
    if (value === Infinity && allowInfinity) {
      this.problems.warn(this.pathOf(name), 'is Infinity: there is no limit.');
      return value;
    }
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      const upTo = max === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${max}`;
      const orInfinity = allowInfinity ? ', or Infinity for no limit' : '';
      this.fail(
        name,
        `must be a whole number of at least ${min}${upTo}${orInfinity}; it is ${describe(value)}.`,
        `${this.pathOf(name)}: ${fallback}`,
      );
      return fallback;
    }
    return value;
  }

  /** A duration in milliseconds. */
  ms(name: string, fallback: number, bounds: NumberBounds = {}): number {
    return this.count(name, fallback, { max: MAX_TIMER_MS, ...bounds });
  }

  /** A flag. */
  boolean(name: string, fallback: boolean): boolean {
    const value = this.raw(name);
    if (value === undefined) return fallback;
    if (typeof value !== 'boolean') {
      this.fail(name, `must be true or false; it is ${describe(value)}.`, `${this.pathOf(name)}: ${fallback}`);
      return fallback;
    }
    return value;
  }

  /** One of a few words. */
  oneOf<const Word extends string>(name: string, words: readonly Word[], fallback: Word): Word {
    const value = this.raw(name);
    if (value === undefined) return fallback;
    const found = words.find((word) => word === value);
    if (found === undefined) {
      const list = words.map((word) => `'${word}'`).join(', ');
      this.fail(name, `must be one of ${list}; it is ${describe(value)}.`, `${this.pathOf(name)}: '${fallback}'`);
      return fallback;
    }
    return found;
  }

  /** A non-empty string. */
  string(name: string): string | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || value === '') {
      this.fail(name, `must be a non-empty string; it is ${describe(value)}.`, `${this.pathOf(name)}: '...'`);
      return undefined;
    }
    return value;
  }

  /** A list of non-empty strings. */
  strings(name: string): readonly string[] | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string' && item !== '')) {
      this.fail(name, 'must be a list of non-empty strings.', `${this.pathOf(name)}: ['...']`);
      return undefined;
    }
    return Object.freeze([...(value as string[])]);
  }

  /** A function. */
  callback<F extends (...args: never[]) => unknown>(name: string): F | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'function') {
      this.fail(name, `must be a function; it is ${describe(value)}.`, `${this.pathOf(name)}: (...) => ...`);
      return undefined;
    }
    return value as F;
  }

  /** The reader of a nested level. */
  object(name: string): OptionReader {
    return new OptionReader(this.raw(name), this.pathOf(name), this.problems);
  }

  /** Refuses every key of this level that nobody read. Call it last. */
  finish(): void {
    for (const key of Object.keys(this.#source)) {
      if (this.#seen.has(key)) continue;
      const near = nearestOf(key, this.#seen);
      const known = [...this.#seen].sort().join(', ');
      this.fail(
        key,
        'is not an option.',
        near === undefined ? `remove it; the options here are ${known}` : `did you mean ${this.pathOf(near)}?`,
      );
    }
  }
}

/** The known name that a misspelt one stands for, or `undefined` where none is near. */
function nearestOf(key: string, known: Iterable<string>): string | undefined {
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

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names a bad value without quoting what may be a secret. */
function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
