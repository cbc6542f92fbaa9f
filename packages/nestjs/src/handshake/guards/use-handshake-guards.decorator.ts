import type { CanActivate, Type } from '@nestjs/common';
import { requireModule } from '../../nest/module-required.guard.js';

/** The class of a guard: any that Nest itself would take. */
export type HandshakeGuardType = Type<CanActivate>;

const GUARDS = Symbol('secure-ws handshake guards');

/**
 * Asks further guards before a handshake with this gateway is accepted, after the credential was verified. Each is a plain
 * Nest guard on an `http` context: a provider of the gateway's module, or made with its dependencies. Its request is the
 * raw `IncomingMessage` (`handshakePrincipal(request)` gives the identity); headers that it sets go into the `101`.
 *
 * Only `true` passes. Everything else, including exceptions and time-outs, answers `403`. All guards must pass; a subclass
 * adds to those of its parent.
 *
 * @throws TypeError for anything but classes: an `undefined` of a circular import would be a guard that is not asked.
 */
export function UseHandshakeGuards(...guards: readonly HandshakeGuardType[]): ClassDecorator {
  if (guards.length === 0 || !guards.every((guard) => typeof guard === 'function')) {
    throw new TypeError('@UseHandshakeGuards() takes the classes of guards; one is undefined, or none is given.');
  }
  return (gateway) => {
    requireModule(gateway);
    Reflect.defineMetadata(GUARDS, [...handshakeGuardsOf(gateway), ...guards], gateway);
  };
}

/** The guards of a gateway's class and of its parents, in the order in which they are asked. */
export function handshakeGuardsOf(gateway: object): readonly HandshakeGuardType[] {
  return (Reflect.getMetadata(GUARDS, gateway) as readonly HandshakeGuardType[] | undefined) ?? [];
}
