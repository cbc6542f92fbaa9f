import { createParamDecorator } from '@nestjs/common';
import { findMessageContext, WsMessageContext } from '../core/message-context.js';
import { WsRefusalException } from '../core/ws-application.error.js';
import { callParametersOf } from './call-parameters.js';
import type { GatewayRecord, HandlerRecord } from './gateway-inventory.js';
import { PARAM_ARGS_METADATA } from './metadata.js';
import type { RegistrationMetadata } from './registration-metadata.js';
import { setOwn } from './shared-patch.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** What each gate stands in front of: guards of another adapter are told of the gate. */
const BEHIND = new WeakMap<object, Method>();

/** The method of the gateway's class that Nest calls by a gate; any other function is what it is. */
export function behindGate(handler: object): object {
  return BEHIND.get(handler) ?? handler;
}

/** Hands the message to the gate, as one more parameter behind those of the handler. */
const GateParameter = createParamDecorator((_: undefined, context): WsMessageContext | undefined =>
  findMessageContext(context.getArgs<unknown[]>()),
);

/**
 * Looks once more, right before a handler runs, whether its message is still good: guards, interceptors and pipes of the
 * application may have waited, and the connection may have been revoked meanwhile (F13). Nest has no place of its own
 * after the last pipe, so the methods of this instance are wrapped, on a prototype between it and its class; the message
 * arrives as a parameter that Nest fills like any other. The class is as before once the gateway is registered.
 */
export function gateHandlers(
  gateway: GatewayRecord,
  handlers: readonly HandlerRecord[],
  metadata: RegistrationMetadata,
): void {
  if (handlers.length === 0) return;
  const gate = Object.create(Object.getPrototypeOf(gateway.instance) as object) as object;
  for (const { methodName, callback } of handlers) {
    const parameters = callParametersOf(gateway.type, methodName);
    const index = Math.max(...Object.values(parameters).map((parameter) => parameter.index)) + 1;
    metadata.set(PARAM_ARGS_METADATA, parameters, gateway.type, methodName);
    GateParameter()(gateway.type.prototype as object, methodName, index);
    setOwn(gate, methodName, gated(callback, index));
  }
  Object.setPrototypeOf(gateway.instance, gate);
}

function gated(callback: Method, index: number): Method {
  const method: Method = function gatedHandler(...args) {
    const context = args[index];
    // On another adapter, without our guard.
    if (context === undefined && args.length === index + 1) return callback.apply(this, args.slice(0, index));
    // A call of the application's own has whatever it passes there.
    if (!(context instanceof WsMessageContext)) return callback.apply(this, args);
    if (!context.isCurrent) throw new WsRefusalException('FORBIDDEN');
    return callback.apply(this, args.toSpliced(index, 1));
  };
  Object.defineProperty(method, 'name', { value: callback.name });
  for (const key of Reflect.getOwnMetadataKeys(callback) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, callback), method);
  }
  BEHIND.set(method, callback);
  return method;
}
