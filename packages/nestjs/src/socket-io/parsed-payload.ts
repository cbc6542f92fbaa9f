import { isBroken, type JsonLimits } from '../core/safe-json.js';
import type { Refusal } from '../messages/refusal.js';

type PayloadLimits = JsonLimits & { readonly maxMessageBytes: number };

/** The size of one value that is neither text nor a container: `true`, `null`, a number. */
const SCALAR_BYTES = 4;

/** Names that reach a prototype where somebody copies members one by one (MV-04). */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export interface MeasuredPayload {
  /** Counted no further than what may be sent, including binary data. */
  readonly bytes: number;
  readonly refusal: Refusal | undefined;
}

/**
 * Holds a payload that another adapter has parsed to the limits of a text message: depth, keys, values, names that reach
 * a prototype, broken texts, size. It is walked and not written: a client could make two serialisations of a megabyte cost
 * 70 ms before the first limit is met (F32). Which of two equal keys had won cannot be seen any more.
 */
export function measurePayload(data: unknown, limits: PayloadLimits): MeasuredPayload {
  const walk = new PayloadWalk(limits);
  // The envelope is the first level of a text message.
  const reason = data === undefined ? undefined : walk.visit(data, 1);
  return { bytes: walk.bytes, refusal: reason === undefined ? undefined : { code: 'BAD_MESSAGE', reason } };
}

class PayloadWalk {
  bytes = 0;
  #nodes = 0;

  constructor(private readonly limits: PayloadLimits) {}

  visit(value: unknown, depth: number): Refusal['reason'] | undefined {
    if (++this.#nodes >= this.limits.maxNodes) return 'json-nodes';
    if (typeof value === 'string') return this.#visitText(value);
    if (typeof value !== 'object' || value === null) return this.#visitScalar(value);
    if (depth >= this.limits.maxDepth) return 'json-depth';
    if (Array.isArray(value)) return this.#visitList(value, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      this.bytes += ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? value.byteLength : SCALAR_BYTES;
      return 'binary-frame';
    }
    return this.#visitObject(value as Record<string, unknown>, depth);
  }

  /** An escape in JSON, or MessagePack, brings in what no text message may hold (MV-10). */
  #visitText(text: string): Refusal['reason'] | undefined {
    return this.#count(text.length) ?? (isBroken(text) ? 'json-text' : undefined);
  }

  #visitScalar(value: unknown): Refusal['reason'] | undefined {
    if (typeof value === 'number' && !Number.isFinite(value)) return 'json-number';
    if (value !== null && typeof value !== 'number' && typeof value !== 'boolean') return 'json-syntax';
    return this.#count(SCALAR_BYTES);
  }

  #visitList(list: readonly unknown[], depth: number): Refusal['reason'] | undefined {
    for (const item of list) {
      const reason = this.visit(item, depth + 1);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  #visitObject(value: Record<string, unknown>, depth: number): Refusal['reason'] | undefined {
    const keys = Object.keys(value);
    if (keys.length > this.limits.maxKeys) return 'json-keys';
    for (const key of keys) {
      if (FORBIDDEN_KEYS.has(key)) return 'json-forbidden-key';
      const reason = this.#visitText(key) ?? this.visit(value[key], depth + 1);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  #count(bytes: number): Refusal['reason'] | undefined {
    this.bytes += bytes;
    return this.bytes > this.limits.maxMessageBytes ? 'message-size' : undefined;
  }
}
