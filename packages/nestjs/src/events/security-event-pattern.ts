import { SECURITY_EVENT_TYPES } from './event-level.js';
import type { SecurityEvent, SecurityEventType } from './security-event.js';

type PrefixesOf<Type extends string> = Type extends `${infer Head}.${infer Rest}`
  ? `${Head}.*` | `${Head}.${PrefixesOf<Rest>}`
  : never;

/** A type of event, or the beginning of several: `ws.message.refused`, `ws.handshake.*`, `ws.*`. */
export type SecurityEventPattern = SecurityEventType | PrefixesOf<SecurityEventType>;

/** The events that a pattern stands for. */
export type SecurityEventOf<Pattern extends SecurityEventPattern> = Pattern extends `${infer Prefix}.*`
  ? Extract<SecurityEvent, { readonly type: `${Prefix}.${string}` }>
  : Extract<SecurityEvent, { readonly type: Pattern }>;

/** The types of event that some patterns stand for; none for a pattern that is misspelt. */
export function typesMatching(patterns: readonly string[]): ReadonlySet<SecurityEventType> {
  return new Set(SECURITY_EVENT_TYPES.filter((type) => patterns.some((pattern) => matches(pattern, type))));
}

function matches(pattern: string, type: SecurityEventType): boolean {
  // 'ws.handshake.*' is compared with its dot: 'ws.hand*' would be a pattern that nobody means.
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}
