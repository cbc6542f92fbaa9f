import { Scope, SetMetadata } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { isPromiseLike } from '../core/awaitable.js';
import type { BootProblems } from '../core/boot-problems.js';
import {
  type SecurityEvent,
  type SecurityEventOf,
  type SecurityEventPattern,
  type SecurityEventType,
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

type NestModule = NonNullable<ReturnType<ModulesContainer['get']>>;
type NestProvider = NonNullable<ReturnType<NestModule['providers']['get']>>;

/** A method with `@OnSecurityEvent()`. */
export interface SecurityEventListener {
  /** `Class.method`. */
  readonly name: string;
  readonly types: ReadonlySet<SecurityEventType>;
  /** Calls the method. */
  readonly call: (event: SecurityEvent) => unknown;
}

/**
 * Finds the methods with `@OnSecurityEvent()` of all providers and controllers, inherited ones too. Call it once the
 * application's instances exist; modules that are loaded lazily later are not seen.
 *
 * A pattern that stands for no event, and a provider that is not a singleton, is a problem of the boot: its method would
 * never be called, and nobody would notice.
 */
export function discoverSecurityEventListeners(
  modules: ModulesContainer,
  problems: BootProblems,
): readonly SecurityEventListener[] {
  const listeners: SecurityEventListener[] = [];
  const seen = new Set<object>();
  for (const module of modules.values()) {
    for (const provider of [...module.providers.values(), ...module.controllers.values()]) {
      const instance: unknown = provider.instance;
      // One instance may be provided under several tokens (`useExisting`).
      if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
      seen.add(instance);
      listeners.push(...listenersOf(provider, instance, problems));
    }
  }
  return listeners;
}

function listenersOf(provider: NestProvider, instance: object, problems: BootProblems): SecurityEventListener[] {
  const found: SecurityEventListener[] = [];
  const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
  if (prototype === null) return found;
  for (const methodName of new MetadataScanner().getAllMethodNames(prototype)) {
    const method = prototype[methodName];
    if (typeof method !== 'function') continue;
    const patterns = Reflect.getMetadata(ON_SECURITY_EVENT_METADATA, method) as readonly string[] | undefined;
    if (patterns === undefined) continue;
    const name = `${prototype.constructor.name}.${methodName}`;
    if (!isSingleton(provider)) {
      problems.add(name, 'listens to security events, but a new instance is made for each use.', SINGLETON);
      continue;
    }
    for (const pattern of patterns) {
      if (typesMatching([pattern]).size > 0) continue;
      problems.add(name, `listens to '${pattern}', which no security event is called.`, `@OnSecurityEvent('ws.*')`);
    }
    const call = (event: SecurityEvent): unknown => Reflect.apply(method, instance, [event]) as unknown;
    found.push({ name, types: typesMatching(patterns), call });
  }
  return found;
}

const SINGLETON = 'remove the scope of the class and of what it injects, or listen in a class of its own';

function isSingleton(provider: NestProvider): boolean {
  return provider.isDependencyTreeStatic() && provider.scope !== Scope.TRANSIENT;
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
