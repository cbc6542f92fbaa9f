import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  type OnModuleInit,
  Optional,
} from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { SecureWsBootError } from '../core/boot-problems.js';
import { type GatewayRecord, ownersOf } from './gateway-inventory.js';
import { GUARDS_METADATA, listOf } from './metadata.js';
import type { RegistrationMetadata } from './registration-metadata.js';

/** Says that `SecureWsModule` is there. One name for every copy of the package: a second copy does not count as a missing module. */
export const MODULE_PRESENCE = Symbol.for('secure-ws module presence');

/** What {@link MODULE_PRESENCE} gives. */
export interface ModulePresence {
  /** Whether the gateways have been taken stock of: one that is made later is not among them. */
  hasBooted: boolean;
}

/**
 * Stands behind every decorator that protects something: by itself a decorator is metadata, and in an application without
 * `SecureWsModule` nobody reads it. This guard Nest runs in any case; there it stops the boot, and refuses every message
 * until then. With the module it is taken out before Nest reads it, and costs nothing.
 */
@Injectable()
export class ModuleRequired implements CanActivate, OnModuleInit {
  constructor(@Optional() @Inject(MODULE_PRESENCE) private readonly presence: ModulePresence | undefined) {
    if (presence?.hasBooted !== true) return;
    throw new SecureWsBootError([
      {
        where: 'LazyModuleLoader',
        problem: 'has loaded a gateway lazily: gateways must be in the module graph when the application boots.',
        fix: 'list the module of the gateway in the imports of a module, and load the rest lazily',
      },
    ]);
  }

  onModuleInit(): void {
    if (this.presence !== undefined) return;
    throw new SecureWsBootError([
      {
        where: 'SecureWsModule',
        problem: 'is not imported: @WsAuthorize(), @WsPublic(), @SecureGateway() and their like would protect nothing.',
        fix: 'add SecureWsModule.forRoot({ ... }) to the imports of the root module',
      },
    ]);
  }

  canActivate(context: ExecutionContext): boolean {
    // With the module it is asked about no message: one of a gateway that was bound without it would pass all checks by.
    if (this.presence === undefined || context.getType() === 'ws') throw new WsException('Unavailable');
    return true;
  }
}

/** Has Nest ask for the module where a decorator stands: on a class, or on a method. */
export function requireModule(owner: object): void {
  const guards = listOf(GUARDS_METADATA, owner);
  if (!guards.includes(ModuleRequired)) Reflect.defineMetadata(GUARDS_METADATA, [ModuleRequired, ...guards], owner);
}

/** What a class or method decorator was put on. */
export function decorated(target: object, descriptor: PropertyDescriptor | undefined): object {
  return descriptor === undefined ? target : (descriptor.value as object);
}

/** Takes the guard out of what Nest reads of a gateway: the module is there. */
export function dropModuleGuard(gateway: GatewayRecord, metadata: RegistrationMetadata): void {
  for (const owner of ownersOf(gateway)) {
    const guards = listOf(GUARDS_METADATA, owner);
    const others = guards.filter((guard) => guard !== ModuleRequired);
    if (others.length < guards.length) metadata.set(GUARDS_METADATA, others, owner);
  }
}
