import type { ModulesContainer } from '@nestjs/core';
import type { BootProblems } from '../core/boot-problems.js';
import { type GatewayRecord, type HandlerRecord, ownersOf } from '../nest/gateway-inventory.js';
import { writtenTwice } from '../nest/written-once.js';
import { WS_SUBPROTOCOL_METADATA } from '../messages/ws-subprotocol.decorator.js';
import { WS_REPLY_METADATA } from '../output/ws-reply.decorator.js';
import { WS_THROTTLE_METADATA } from '../throttling/ws-throttle.decorator.js';
import { WS_BINARY_METADATA } from '../validation/bytes/ws-binary.decorator.js';
import { WS_PAYLOAD_METADATA } from '../validation/ws-payload.decorator.js';
import { classesOf, decoratedMethods, decoratorsOn, GATEWAY_DECORATORS } from './own-decorators.js';

/** Those that say something about one handler, and that TypeScript lets stand on a method only. */
const OF_METHODS = [WS_PAYLOAD_METADATA, WS_REPLY_METADATA, WS_BINARY_METADATA];

/** Those whose absence opens something that the method above kept closed. */
const LOST_BY_OVERRIDES = [WS_THROTTLE_METADATA, WS_REPLY_METADATA, WS_SUBPROTOCOL_METADATA];

/**
 * Names the decorators that nobody reads: on a method of a gateway that handles no event, in a class that is not a gateway,
 * below another of their kind, and on a method that a subclass overrides. Whoever wrote them believes that something is
 * protected.
 */
export function checkDecorators(
  modules: ModulesContainer,
  gateways: readonly GatewayRecord[],
  problems: BootProblems,
): void {
  const types = new Set<unknown>(gateways.map(({ type }) => type));
  for (const gateway of gateways) checkGateway(gateway, problems);
  for (const type of classesOf(modules)) {
    if (types.has(type)) continue;
    types.add(type);
    const found = [decoratorsOn(type), ...decoratedMethods(type).map(([, decorators]) => decorators)];
    const names = [...new Set(found.flat())].join(' and ');
    if (names === '') continue;
    problems.add(
      type.name,
      `has ${names} and no @WebSocketGateway(): they are ignored.`,
      `add @WebSocketGateway({ path: '/...' }) above ${type.name}, or remove ${names}`,
    );
  }
}

function checkGateway(gateway: GatewayRecord, problems: BootProblems): void {
  const { type, handlers } = gateway;
  const handled = new Set<string>(handlers.map(({ methodName }) => methodName));
  for (const [method, found] of decoratedMethods(type)) {
    if (handled.has(method)) continue;
    const decorators = found.join(' and ');
    problems.add(
      `${type.name}.${method}`,
      `has ${decorators} and no @SubscribeMessage(): it handles no event, and they are ignored.`,
      `add @SubscribeMessage('...') above it, or remove ${decorators}`,
    );
  }
  for (const key of OF_METHODS.filter((one) => Reflect.hasMetadata(one, type))) {
    const name = GATEWAY_DECORATORS.get(key);
    problems.add(type.name, `has ${name} on the class, where it is ignored.`, `put ${name} above each handler`);
  }
  const labels = [type.name, ...handlers.map(({ label }) => label)];
  for (const [index, owner] of ownersOf(gateway).entries()) {
    for (const key of new Set(writtenTwice(owner))) {
      const name = GATEWAY_DECORATORS.get(key) ?? key;
      problems.add(
        labels[index] ?? type.name,
        `has ${name} twice, of which only the upper one would hold.`,
        `keep one ${name}; it takes everything that the two say`,
      );
    }
  }
  for (const handler of handlers) checkOverride(handler, problems);
}

/**
 * What stood on the method above is not on the one that overrides it. Decisions are: they add up (`requirementsOn`), and a
 * payload or bytes without a declaration are told by their own checks.
 */
function checkOverride({ label, callback, overrides }: HandlerRecord, problems: BootProblems): void {
  const lost = LOST_BY_OVERRIDES.filter((key) => overrides.some((method) => Reflect.hasMetadata(key, method)))
    .filter((key) => !Reflect.hasMetadata(key, callback))
    .filter((key) => key !== WS_THROTTLE_METADATA || !hasThrottler(callback));
  if (lost.length === 0) return;
  const names = lost.map((key) => GATEWAY_DECORATORS.get(key)).join(' and ');
  problems.add(
    label,
    `overrides a method that has ${names}, of which nothing holds for it.`,
    `write ${names} above it as well`,
  );
}

/** Whether `@Throttle()` or `@SkipThrottle()` stands on a method. */
function hasThrottler(callback: object): boolean {
  return Reflect.getMetadataKeys(callback).some((key) => String(key).startsWith('THROTTLER:'));
}
