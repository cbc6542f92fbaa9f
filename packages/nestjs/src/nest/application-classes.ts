import { Inject } from '@nestjs/common';
import { type ContextId, ContextIdFactory, ModuleRef, type ModulesContainer } from '@nestjs/core';
import { type BootProblems, SecureWsBootError } from '../core/boot-problems.js';
import type { NestModule, NestProvider } from './gateway-inventory.js';
import { PARAMTYPES_METADATA, SELF_DECLARED_DEPS_METADATA } from './metadata.js';

export type InjectableClass<T = unknown> = abstract new (...args: never[]) => T;

/**
 * Finds an instance for one message or request; only a class with request-scoped dependencies makes a promise.
 *
 * @param request what `@Inject(REQUEST)` gives to those dependencies.
 * @param scope what the instance belongs to: all that are asked for with one scope share their request-scoped dependencies,
 * and live as long as it. @default the request
 */
export type InstanceProvider<T> = (request: object, scope?: object) => T | Promise<T>;

/** A provider, and a module in which its class is injectable. */
interface Found {
  readonly provider: NestProvider;
  readonly owner: NestModule;
  /** Where it is asked for: a module that sees it. */
  readonly place: NestModule;
  /** The modules that have one, where the module that names the class sees none. */
  readonly owners: readonly string[];
}

/**
 * Finds the instances of the classes that an application hands over: policies, handshake guards, authenticators, session
 * verifiers. A second instance beside the application's own would not notice what happens to that one, such as a log-out.
 *
 * It is what Nest itself injects in the module that names the class; where that module does not see the class, the provider
 * of the one module that has it; else an instance of our own. It is never the placeholder that Nest keeps for a transient or
 * request-scoped provider: no constructor has run on that, and `!this.banned?.has(id)` lets everybody pass.
 */
export class ApplicationClasses {
  readonly #making = new Map<NestModule, Map<InjectableClass, Promise<unknown>>>();
  readonly #made = new Map<Promise<unknown>, unknown>();
  /** Nest keeps request-scoped instances as long as their context id: nothing else holds on to one, so both end with their scope. */
  readonly #contextIds = new WeakMap<object, ContextId>();

  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Checks that it is clear which instance is meant, and that there can be one.
   *
   * @param where the option or handler that names the class.
   * @param isSingleton whether one instance serves the whole application.
   */
  check(type: InjectableClass, module: NestModule, where: string, problems: BootProblems, isSingleton = false): void {
    const found = this.#find(type, module);
    if (needsUnknown(found === undefined ? type : madeFrom(found.provider))) {
      // Nest would call the constructor without arguments, and `!this.banned?.has(id)` lets everybody pass.
      problems.add(
        where,
        `names ${type.name}, whose constructor takes what nothing can inject: no decorator has TypeScript emit the types of it.`,
        `add @Injectable() above ${type.name}`,
      );
    } else if (found !== undefined && found.owners.length > 1) {
      problems.add(
        where,
        `names ${type.name}, of which ${found.owners.join(' and ')} have an instance each, and none is visible here.`,
        `provide ${type.name} in one module, export it, and import that module`,
      );
    } else if (isSingleton && found?.provider.isDependencyTreeStatic() === false) {
      problems.add(
        where,
        `names ${type.name}, which is request-scoped, or something that it injects is: there is no request to make it for.`,
        `remove the scope of ${type.name} and of what it injects`,
      );
    }
  }

  /** Names the module whose provider {@link providerOf} uses; the one that names the class where none has it. */
  ownerOf(type: InjectableClass, module: NestModule): string {
    return (this.#find(type, module)?.owner ?? module).name;
  }

  /** The provider of a class that a module names. */
  providerOf<T>(type: InjectableClass<T>, module: NestModule): InstanceProvider<T> {
    const found = this.#find(type, module);
    if (found !== undefined && !found.provider.isDependencyTreeStatic()) {
      return (request, scope = request) => {
        // Never without a context id: ModuleRef.resolve would share one instance among all messages.
        const reference = moduleRefOf(found.owner);
        return reference.resolve<T>(type, this.#contextIdOf(request, scope, reference), { strict: true });
      };
    }
    const making = this.#make(type, module, found);
    return () => (this.#made.get(making) as T | undefined) ?? making;
  }

  /**
   * The instance of a class of which one serves the whole application. Call it when every instance of the application exists.
   *
   * @throws {SecureWsBootError} when it cannot be made.
   */
  singletonOf<T>(type: InjectableClass<T>, module: NestModule): Promise<T> {
    return this.#make(type, module, this.#find(type, module));
  }

  /**
   * Makes every instance that was asked for. Call it before the first handshake.
   *
   * @throws {SecureWsBootError} when one cannot be made.
   */
  async prepare(): Promise<void> {
    for (const types of this.#making.values()) {
      for (const making of types.values()) this.#made.set(making, await making);
    }
  }

  /** One for all classes of a scope: what they inject per request, such as a unit of work, they share. */
  #contextIdOf(request: object, scope: object, reference: ModuleRef): ContextId {
    let contextId = this.#contextIds.get(scope);
    if (contextId === undefined) {
      this.#contextIds.set(scope, (contextId = ContextIdFactory.create()));
      reference.registerRequestByContextId(request, contextId);
    }
    return contextId;
  }

  #make<T>(type: InjectableClass<T>, module: NestModule, found: Found | undefined): Promise<T> {
    const place = found?.place ?? module;
    let types = this.#making.get(place);
    if (types === undefined) this.#making.set(place, (types = new Map<InjectableClass, Promise<unknown>>()));
    let making = types.get(type) as Promise<T> | undefined;
    if (making !== undefined) return making;
    making = (found === undefined ? create(type, place) : inject(type, place)).catch((cause: unknown) => {
      throw unmakeable(type, cause);
    });
    // prepare() awaits it and fails the boot; until then a rejection must not count as unhandled.
    making.catch(() => undefined);
    types.set(type, making);
    return making;
  }

  #find(type: InjectableClass, module: NestModule): Found | undefined {
    const visible = visibleProvider(type, module);
    if (visible !== undefined) return { ...visible, place: module, owners: [visible.owner.name] };
    const owners = [...this.modules.values()].filter(({ providers }) => providers.has(type));
    const [owner] = owners;
    const provider = owner?.providers.get(type);
    if (owner === undefined || provider === undefined) return undefined;
    return { provider, owner, place: owner, owners: owners.map(({ name }) => name) };
  }
}

/** The class that Nest makes an instance of; `undefined` for a value and a factory. */
function madeFrom({ isNotMetatype, metatype }: NestProvider): unknown {
  return isNotMetatype ? undefined : metatype;
}

/** Whether a class has parameters in its constructor of which Nest knows none. */
function needsUnknown(type: unknown): boolean {
  if (typeof type !== 'function' || type.length === 0) return false;
  return [PARAMTYPES_METADATA, SELF_DECLARED_DEPS_METADATA].every((key) => !Reflect.hasMetadata(key, type));
}

/** The provider that Nest injects for a class in a module: its own, or one that reaches it through its imports. */
function visibleProvider(type: InjectableClass, module: NestModule): Pick<Found, 'provider' | 'owner'> | undefined {
  const own = module.providers.get(type);
  return own === undefined ? exportedProvider(type, module, new Set()) : { provider: own, owner: module };
}

/** Nest looks through the exports of the imported modules, global ones among them, and through what those pass on. */
function exportedProvider(
  type: InjectableClass,
  module: NestModule,
  seen: Set<NestModule>,
  isPassedOn = false,
): Pick<Found, 'provider' | 'owner'> | undefined {
  for (const imported of module.imports) {
    if (seen.has(imported) || (isPassedOn && !module.exports.has(imported.metatype))) continue;
    seen.add(imported);
    const provider = imported.exports.has(type) ? imported.providers.get(type) : undefined;
    if (provider !== undefined) return { provider, owner: imported };
    const further = exportedProvider(type, imported, seen, true);
    if (further !== undefined) return further;
  }
  return undefined;
}

/** Has Nest inject a provider into a class of ours: nobody else knows for certain which instance that is. */
async function inject<T>(type: InjectableClass<T>, module: NestModule): Promise<T> {
  class Place {
    constructor(readonly instance: T) {}
  }
  Inject(type)(Place, undefined, 0);
  return (await create(Place, module)).instance;
}

/** Never without a context id: a request-scoped class would otherwise never be made on some versions of Nest. */
function create<T>(type: InjectableClass<T>, module: NestModule): Promise<T> {
  return moduleRefOf(module).create<T>(type as never, ContextIdFactory.create());
}

function moduleRefOf(module: NestModule): ModuleRef {
  return module.providers.get(ModuleRef)?.instance as ModuleRef;
}

function unmakeable(type: InjectableClass, cause: unknown): SecureWsBootError {
  const [reason = ''] = String(cause instanceof Error ? cause.message : cause).split('\n');
  const problem = `cannot be made: ${reason}`;
  const fix = `list ${type.name} in the providers of the module that has what it injects`;
  return new SecureWsBootError([{ where: type.name, problem, fix }], { cause });
}
