import { isUtf8 } from 'node:buffer';
import type { JsonLimits, JsonRefusalReason } from '../../core/safe-json.js';

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** The member of an envelope whose value may be bytes. */
const BYTES_KEY = 'bytes';

/**
 * Walks a binary encoding before its library sees it, and stops at the first excess: what a length claims is compared with
 * the limits and with what is there, so that nothing is allocated for a lie, and no type gets through that JSON does not
 * have. One walk, no copy of anything.
 */
export abstract class StructureScan {
  /** How many members the objects have together. */
  members = 0;
  protected at = 0;
  #nodes = 1;

  constructor(
    protected readonly frame: Buffer,
    private readonly limits: JsonLimits,
    /** Whether the envelope may carry bytes. */
    private readonly mayHaveBytes: boolean,
  ) {}

  /** @returns what is wrong with the message. Never throws. */
  run(): JsonRefusalReason | undefined {
    const reason = this.value(0, false);
    if (reason !== undefined) return reason;
    return this.at === this.frame.length ? undefined : 'syntax';
  }

  /**
   * Reads one value.
   *
   * @param depth how many containers are open around it.
   * @param isBytesPlace whether it may be bytes.
   */
  protected abstract value(depth: number, isBytesPlace: boolean): JsonRefusalReason | undefined;

  /** Reads the length of a text; `undefined` where there is none. */
  protected abstract textLength(): number | undefined;

  /** Whether so many bytes are still there. */
  protected has(count: number): boolean {
    return count <= this.frame.length - this.at;
  }

  protected skip(count: number): JsonRefusalReason | undefined {
    if (!this.has(count)) return 'syntax';
    this.at += count;
    return undefined;
  }

  protected text(length: number): JsonRefusalReason | undefined {
    if (!this.has(length)) return 'syntax';
    const end = this.at + length;
    if (!isUtf8(this.frame.subarray(this.at, end))) return 'text';
    this.at = end;
    return undefined;
  }

  protected bytes(length: number, isBytesPlace: boolean): JsonRefusalReason | undefined {
    return isBytesPlace ? this.skip(length) : 'type';
  }

  protected float(value: number): JsonRefusalReason | undefined {
    return Number.isFinite(value) ? undefined : 'number';
  }

  protected list(length: number, depth: number): JsonRefusalReason | undefined {
    const reason = this.#open(length, depth, length);
    if (reason !== undefined) return reason;
    for (let index = 0; index < length; index++) {
      const inner = this.value(depth + 1, false);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }

  protected map(length: number, depth: number): JsonRefusalReason | undefined {
    if (length > this.limits.maxKeys) return 'keys';
    const reason = this.#open(length, depth, length * 2);
    if (reason !== undefined) return reason;
    this.members += length;
    for (let index = 0; index < length; index++) {
      const isBytesPlace = this.#key() === BYTES_KEY && depth === 0 && this.mayHaveBytes;
      const inner = this.#reason ?? this.value(depth + 1, isBytesPlace);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }

  #reason: JsonRefusalReason | undefined;

  /** @returns the key where it is one that matters. */
  #key(): string | undefined {
    const length = this.textLength();
    this.#reason = length === undefined ? 'type' : undefined;
    if (length === undefined) return undefined;
    const start = this.at;
    this.#reason = this.text(length);
    // The longest one is `constructor`: no text is made of longer keys.
    if (this.#reason !== undefined || length > 11) return undefined;
    const key = this.frame.toString('latin1', start, this.at);
    if (FORBIDDEN_KEYS.has(key)) this.#reason = 'forbidden-key';
    return key;
  }

  /** @param leastBytes how many bytes so many values take at least. */
  #open(length: number, depth: number, leastBytes: number): JsonRefusalReason | undefined {
    if (depth >= this.limits.maxDepth) return 'depth';
    this.#nodes += length;
    if (this.#nodes > this.limits.maxNodes) return 'nodes';
    return this.has(leastBytes) ? undefined : 'syntax';
  }
}
