import { SecureWsBootError } from '../core/boot-problems.js';
import { type GatewayRecord, takeInventory } from '../nest/gateway-inventory.js';
import { MODULE_PRESENCE } from '../nest/module-required.guard.js';
import { onUnwatchedRegistration } from '../nest/registration-watch.js';
import { classesIn, isValidatable } from '../validation/dto/dto-metadata.js';
import { inputRolesOf } from '../validation/dto/ws-input-roles.decorator.js';
import {
  type AnyClass,
  classesOf,
  decoratedMethods,
  decoratorsOn,
  GATEWAY_DECORATORS,
  LISTENER_DECORATORS,
  PARAMETER_DECORATORS,
} from './own-decorators.js';

/** A decorator of this package, and where it stands. */
type Use = readonly [decorator: string, place: string];

/**
 * Stops each application that is about to serve gateways without `SecureWsModule`, although something in it has a decorator of
 * this package: nobody would read it. It is asked before Nest looks for an adapter, whose absence says nothing of the module.
 *
 * What has no gateway has nothing to protect, and starts: a worker that shares a listener with the application, a test of one
 * class.
 */
export function refuseWithoutModule(): void {
  onUnwatchedRegistration((modules) => {
    if ([...modules.values()].some(({ providers }) => providers.has(MODULE_PRESENCE))) return;
    const gateways = takeInventory(modules);
    if (gateways.length === 0) return;
    const [first, ...others] = [...classesOf(modules).flatMap(usesIn), ...gateways.flatMap(usesByHandlers)];
    if (first === undefined) return;
    const [decorator, place] = first;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    throw new SecureWsBootError([
      {
        where: 'SecureWsModule',
        problem: `is not imported: ${decorator} of ${place}${more} would do nothing, and no gateway is protected.`,
        fix: 'add SecureWsModule.forRoot({ ... }) to the imports of the root module',
      },
    ]);
  });
}

const OF_METHODS = new Map([...GATEWAY_DECORATORS, ...LISTENER_DECORATORS]);

function usesIn(type: AnyClass): readonly Use[] {
  return [
    ...decoratorsOn(type).map((decorator): Use => [decorator, type.name]),
    ...decoratedMethods(type, OF_METHODS).flatMap(([method, decorators]) =>
      decorators.map((decorator): Use => [decorator, `${type.name}.${method}`]),
    ),
  ];
}

function usesByHandlers({ handlers }: GatewayRecord): readonly Use[] {
  return handlers.flatMap(({ label, parameters = [], types = [] }) => [
    ...parameters.flatMap(({ factory }): Use[] => {
      const decorator = PARAMETER_DECORATORS.get(factory);
      return decorator === undefined ? [] : [[decorator, label]];
    }),
    ...types.flatMap((type) => (isValidatable(type) ? usesInPayload(type) : [])),
  ]);
}

/**
 * What would do nothing in a DTO and those that it holds: who may name a property. Sanitisers and `@RecordOf()` are decorators of
 * class-transformer and class-validator, which work in Nest's own `ValidationPipe` too.
 */
function usesInPayload(type: new () => object): readonly Use[] {
  try {
    return [...classesIn(type)].flatMap(usesInDto);
  } catch {
    // A @Type(() => ...) that throws before the first message. Where nothing is of this package, that is none of its business.
    return usesInDto(type);
  }
}

function usesInDto(type: new () => object): readonly Use[] {
  return [...inputRolesOf(type).keys()].map((name): Use => ['@WsInputRoles()', `${type.name}.${name}`]);
}
