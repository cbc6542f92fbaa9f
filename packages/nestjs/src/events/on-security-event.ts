import { SetMetadata } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { isPromiseLike } from '../core/awaitable.js';
import type { BootProblems } from '../core/boot-problems.js';
import { findListeningMethods } from './listening-methods.js';
import {
  type SecurityEvent,
  type SecurityEventOf,
  type SecurityEventPattern,
  type SecurityEventType,
  nearestPattern,
  typesMatching,
} from './security-event.js';
import { SecurityEventSink } from './security-event-sink.js';

/** Metadata key of {@link OnSecurityEvent}: the patterns. */
const ON_SECURITY_EVENT_METADATA = 'secure-ws:on-security-event';

type Listener<Pattern extends SecurityEventPattern> = (event: SecurityEventOf<Pattern>) => unknown;

/**
 * Calls a method of a provider or controller with each security event of some types. The parameter is typed by them.
 *
 * The method is called later than the event, one event at a time, in their order, and its promise is waited for. Where it is
 * too slow, events are dropped and counted (`events.maxQueuedEvents`); what it throws is logged and goes no further. The
 * provider must be a singleton.
 *
 * @example
 * ```ts
 * @OnSecurityEvent('ws.handshake.refused', 'ws.message.*')
 * async onRefused(event: SecurityEventOf<'ws.handshake.refused' | 'ws.message.*'>) { ... }
 * ```
 */
export function OnSecurityEvent<const Pattern extends SecurityEventPattern>(
  ...patterns: readonly [Pattern, ...Pattern[]]
): <Method extends Listener<Pattern>>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void {
  return (target, method, descriptor) => {
    SetMetadata(ON_SECURITY_EVENT_METADATA, patterns)(target, method, descriptor);
  };
}

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

/** Brings events to one method with `@OnSecurityEvent()`. */
export class ListenerSink extends SecurityEventSink {
  constructor(private readonly listener: SecurityEventListener) {
    super();
  }

  override wants(type: SecurityEventType): boolean {
    return this.listener.types.has(type);
  }

  override write(event: SecurityEvent): void | Promise<void> {
    const returned = this.listener.call(event);
    return isPromiseLike(returned) ? Promise.resolve(returned).then(() => undefined) : undefined;
  }
}
