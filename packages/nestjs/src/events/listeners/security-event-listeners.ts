import type { ModulesContainer } from '@nestjs/core';
import type { BootProblems } from '../../core/boot-problems.js';
import { nearestPattern, type SecurityEvent, type SecurityEventType, typesMatching } from '../security-event.js';
import { findListeningMethods } from './listening-methods.js';
import { ON_SECURITY_EVENT_METADATA } from './on-security-event.js';

/** A method with `@OnSecurityEvent()`. */
export interface SecurityEventListener {
  /** `Class.method`. */
  readonly name: string;
  readonly types: ReadonlySet<SecurityEventType>;
  /** Calls the method. */
  readonly call: (event: SecurityEvent) => unknown;
}

/**
 * Finds the methods with `@OnSecurityEvent()`: see {@link findListeningMethods}. A pattern that stands for no event is a
 * problem of the boot.
 */
export function discoverSecurityEventListeners(
  modules: ModulesContainer,
  problems: BootProblems,
): readonly SecurityEventListener[] {
  const mark = { key: ON_SECURITY_EVENT_METADATA, what: 'security events' };
  return findListeningMethods(modules, mark, problems).map(({ name, patterns, call }) => {
    for (const pattern of patterns) {
      if (typesMatching([pattern]).size > 0) continue;
      problems.add(
        name,
        `listens to '${pattern}', which no security event is called.`,
        `@OnSecurityEvent('${nearestPattern(pattern)}')`,
      );
    }
    return { name, types: typesMatching(patterns), call };
  });
}
