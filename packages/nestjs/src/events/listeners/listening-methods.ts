import { Scope } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import type { BootProblems } from '../../core/boot-problems.js';

type NestModule = NonNullable<ReturnType<ModulesContainer['get']>>;
type NestProvider = NonNullable<ReturnType<NestModule['providers']['get']>>;

/** A method that a decorator has marked as a listener. */
export interface ListeningMethod {
  /** `Class.method`. */
  readonly name: string;
  /** What the decorator was given. */
  readonly patterns: readonly string[];
  /** Calls the method. */
  readonly call: (...args: readonly unknown[]) => unknown;
}

/** Which methods are looked for. */
export interface ListeningMark {
  /** The metadata key of the decorator. */
  readonly key: string;
  /** What they listen to, in plural. */
  readonly what: string;
}

/**
 * Finds the marked methods of all providers and controllers, inherited ones too. Call it once the application's instances
 * exist; modules that are loaded lazily later are not seen.
 *
 * A provider that is not a singleton is a problem of the boot: its method would never be called, and nobody would notice.
 */
export function findListeningMethods(
  modules: ModulesContainer,
  mark: ListeningMark,
  problems: BootProblems,
): readonly ListeningMethod[] {
  const found: ListeningMethod[] = [];
  const seen = new Set<object>();
  for (const module of modules.values()) {
    for (const provider of [...module.providers.values(), ...module.controllers.values()]) {
      const instance: unknown = provider.instance;
      // One instance may be provided under several tokens (`useExisting`).
      if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
      seen.add(instance);
      found.push(...methodsOf(provider, instance, mark, problems));
    }
  }
  return found;
}

function methodsOf(
  provider: NestProvider,
  instance: object,
  { key, what }: ListeningMark,
  problems: BootProblems,
): ListeningMethod[] {
  const found: ListeningMethod[] = [];
  const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
  if (prototype === null) return found;
  for (const methodName of new MetadataScanner().getAllMethodNames(prototype)) {
    const method = prototype[methodName];
    if (typeof method !== 'function') continue;
    const patterns = Reflect.getMetadata(key, method) as readonly string[] | undefined;
    if (patterns === undefined) continue;
    const name = `${prototype.constructor.name}.${methodName}`;
    if (!isSingleton(provider)) {
      problems.add(name, `listens to ${what}, but a new instance is made for each use.`, SINGLETON);
      continue;
    }
    found.push({ name, patterns, call: (...args) => Reflect.apply(method, instance, args) as unknown });
  }
  return found;
}

const SINGLETON = 'remove the scope of the class and of what it injects, or listen in a class of its own';

function isSingleton(provider: NestProvider): boolean {
  return provider.isDependencyTreeStatic() && provider.scope !== Scope.TRANSIENT;
}
