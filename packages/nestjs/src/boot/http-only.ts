import type { CanActivate, ExecutionContext, NestInterceptor, Type } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import type { BootProblems } from '../core/boot-problems.js';
import { enhancersAt, runsGlobalEnhancers } from '../nest/enhancers.js';
import type { GatewayRecord } from '../nest/gateway-inventory.js';
import { globalEnhancersOf } from '../nest/global-enhancers.js';

type HttpEnhancer = Partial<CanActivate & NestInterceptor>;

/** Marks what {@link HttpOnly} made. */
const IS_HTTP_ONLY = Symbol('secure-ws http only');

/**
 * Keeps a guard or an interceptor away from WebSocket messages: since Nest 12 global ones run for them too, and one that
 * reads `request.headers` or sets response fields fails there, so that every message is answered with `INTERNAL`.
 * The messages stay under the decisions of their handlers; everything else runs as before.
 *
 * @param enhancer a class, whose dependencies are injected as ever, or an instance.
 *
 * @example
 * ```ts
 * { provide: APP_GUARD, useClass: HttpOnly(ThrottlerGuard) }
 * ```
 */
export function HttpOnly<T extends object>(enhancer: T): T {
  if (typeof enhancer !== 'function') return keepOff(Object.create(enhancer) as HttpEnhancer, enhancer) as T;
  const Base = enhancer as unknown as Type<object>;
  class Derived extends Base {}
  Object.defineProperty(Derived, 'name', { value: `HttpOnly${Base.name}` });
  keepOff(Derived.prototype, Base.prototype as HttpEnhancer);
  return Derived as unknown as T;
}

function keepOff(target: HttpEnhancer, { canActivate, intercept }: HttpEnhancer): HttpEnhancer {
  const methods: HttpEnhancer = {};
  if (canActivate !== undefined) {
    methods.canActivate = function (this: CanActivate, context) {
      return isMessage(context) ? true : canActivate.call(this, context);
    };
  }
  if (intercept !== undefined) {
    methods.intercept = function (this: NestInterceptor, context, next) {
      return isMessage(context) ? next.handle() : intercept.call(this, context, next);
    };
  }
  return Object.assign(target, methods, { [IS_HTTP_ONLY]: true });
}

/**
 * Whether an enhancer, or what it extends, was made by {@link HttpOnly}, and still stays away from messages: a derived class
 * that has methods of its own may not.
 */
export function isHttpOnly(enhancer: unknown): boolean {
  for (const prototype of prototypesOf(enhancer)) {
    if (Object.hasOwn(prototype, IS_HTTP_ONLY)) return true;
    if (Object.hasOwn(prototype, 'canActivate') || Object.hasOwn(prototype, 'intercept')) return false;
    // A property stands in no prototype, and of what lives for a request there is no instance to look at.
    if (typeof enhancer === 'function' && decidesInProperty(prototype.constructor)) return false;
  }
  return false;
}

/** How the text of a class reads that has a decision as a property, also where a compiler has put that into its constructor. */
const DECIDES_IN_A_PROPERTY = /(?<!#)\b(?:canActivate|intercept)\b(?:\s*=(?![=>])|["'],)/;

function decidesInProperty(type: unknown): boolean {
  return typeof type === 'function' && DECIDES_IN_A_PROPERTY.test(sourceOf(type));
}

/** An enhancer, or the prototype of a class, and what it inherits from. */
function* prototypesOf(enhancer: unknown): Generator<object> {
  const first: unknown = typeof enhancer === 'function' ? enhancer.prototype : enhancer;
  // Of requests a factory stands for what it makes, and an arrow function has no prototype.
  let prototype: object | null = first ?? null;
  for (; prototype !== null && prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype) as object) {
    yield prototype;
  }
}

function isMessage(context: ExecutionContext): boolean {
  return context.getType<string>() === 'ws';
}

/**
 * Names the guards and interceptors that would fail on every message, because they ask for an HTTP request: `ThrottlerGuard`,
 * `AuthGuard('jwt')` and the like, global ones (Nest 12) and those of a gateway. What asks for the kind of its context, or
 * for a socket, knows what it does.
 */
export function checkHttpEnhancers(
  gateways: readonly GatewayRecord[],
  config: ApplicationConfig,
  problems: BootProblems,
): void {
  const places = new Map<unknown, string>();
  if (gateways.length > 0 && runsGlobalEnhancers(config)) {
    const globals = globalEnhancersOf(config);
    const asked = (enhancer: unknown): boolean => !globals.ofRequests.has(enhancer);
    const [guards, interceptors] = [globals.guards.filter(asked), globals.interceptors.filter(asked)];
    for (const guard of guards) places.set(guard, 'APP_GUARD, useGlobalGuards()');
    for (const interceptor of interceptors) places.set(interceptor, 'APP_INTERCEPTOR, useGlobalInterceptors()');
  }
  for (const gateway of gateways) {
    const own = [...enhancersAt(gateway, 'guards'), ...enhancersAt(gateway, 'interceptors')];
    for (const enhancer of own) places.set(enhancer, gateway.name);
  }
  for (const [enhancer, where] of places) {
    if (!needsHttp(enhancer)) continue;
    const type = (typeof enhancer === 'function' ? enhancer : (enhancer as object).constructor) as { name: string };
    problems.add(
      where,
      `${type.name} reads the HTTP request, and there is none for a WebSocket message: every message would fail.`,
      `HttpOnly(${type.name}) keeps it away from messages, which have decisions of their own (@WsAuthorize, @WsThrottle)`,
    );
  }
}

/** What gives away that an enhancer was written for HTTP, and that it was written for more than that. */
const FOR_HTTP = /\bswitchToHttp\b/;
const FOR_MORE = /\b(?:getType|switchToWs)\b/;

function needsHttp(enhancer: unknown): boolean {
  let source = '';
  for (const prototype of prototypesOf(enhancer)) {
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(prototype)) as { value?: unknown }[]) {
      // Of a class itself the whole text: what its constructor does is not what it does with a message.
      if (typeof value === 'function' && !isClass(value)) source += sourceOf(value);
    }
    if (Object.hasOwn(prototype, IS_HTTP_ONLY)) return false;
  }
  return FOR_HTTP.test(source) && !FOR_MORE.test(source);
}

function sourceOf(value: object): string {
  return Function.prototype.toString.call(value);
}

function isClass(value: object): boolean {
  return sourceOf(value).startsWith('class');
}
