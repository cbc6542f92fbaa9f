import { isUtf8 } from 'node:buffer';
import { decodeJson } from './safe-json.js';

/** A JSON object as it was parsed, with nothing known about its members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Claims nest four deep at most in practice; freezing and comparing them recurses, which this bounds. The length of a
 * token bounds the rest.
 */
const LIMITS = Object.freeze({ maxDepth: 16, maxKeys: Infinity, maxNodes: Infinity });

/**
 * Parses one JSON object of a token as strictly as a message: valid UTF-8 without a byte order mark, an object at the top,
 * no member twice at any level (ASVS 5.0 1.5.3), no name that reaches a prototype, at most 16 levels.
 *
 * @returns `undefined` when it is anything else. Never throws.
 */
export function parseStrictJsonObject(bytes: Buffer): JsonObject | undefined {
  // Decoding would put U+FFFD in place of invalid bytes, and two different ids could become one.
  if (!isUtf8(bytes)) return undefined;
  // Unlike TextDecoder, this keeps a byte order mark in the text, where the decoder refuses it.
  const decoded = decodeJson(bytes.toString('utf8'), LIMITS);
  return decoded.ok && isJsonObject(decoded.value) ? decoded.value : undefined;
}

/** Whether a value is an object that is neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
