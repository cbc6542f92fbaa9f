import { types } from 'node:util';
import type { Type } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { catchError, EMPTY, isObservable } from 'rxjs';
import { isPromiseLike } from '../core/awaitable.js';
import { dropPromise } from '../core/give-up.js';
import type { WsMessageContext } from '../core/message-context.js';
import { WsRefusalException } from '../core/ws-application.error.js';
import { callParametersOf } from './call-parameters.js';
import { filtersOf, guardsOf, interceptorsOf } from './enhancers.js';
import { LastFilter } from './exception-filters.js';
import type { HandlerRecord } from './gateway-inventory.js';
import { CLIENT_PARAMETER, type ParameterMetadata, PAYLOAD_PARAMETER, payloadPropertyOf } from './metadata.js';

/** Calls a handler with a message. What fails is kept in `context.failure`, and nothing is thrown. */
export type DirectCall = (client: unknown, data: unknown, context: WsMessageContext) => unknown;

/** What a parameter is filled with. */
type ParameterReader = (client: unknown, data: unknown, context: WsMessageContext, host: HostOf) => unknown;

/** Makes the execution context that Nest gives to a parameter decorator. Its arguments are those of Nest's own call. */
type HostOf = () => ExecutionContextHost;

/**
 * The call of a handler that has nothing around it: no guard, interceptor or filter of the application, and no pipe but those
 * that {@link passValidated} has taken out. Nest would do nothing more than fill the parameters; its five asynchronous
 * functions and a `Promise.all` cost as much as all checks of the message together (`npm run bench -- message --steps`).
 *
 * Asked while the changes of `RegistrationMetadata` are in force: of what Nest itself is about to read.
 *
 * @returns `undefined` for a handler that needs Nest's chain.
 */
export function directCallOf(handler: HandlerRecord, config: ApplicationConfig): DirectCall | undefined {
  const { gateway, methodName, callback } = handler;
  const filters = filtersOf(handler).filter((filter) => !(filter instanceof LastFilter));
  const around = [guardsOf(handler, config), interceptorsOf(handler, config), filters];
  if (around.some((enhancers) => enhancers.length > 0)) return undefined;

  const parameters = Object.entries(callParametersOf(gateway.type, methodName));
  if (parameters.some(([, { pipes = [] }]) => pipes.length > 0)) return undefined;
  const readers: ParameterReader[] = [];
  for (const [key, parameter] of parameters) {
    const reader = readerOf(key, parameter);
    if (reader === undefined) return undefined;
    readers[parameter.index] = reader;
  }
  const all = Array.from(readers, (reader) => reader ?? readNothing);
  const hasOwnCode = parameters.some(([, { factory }]) => factory !== undefined);
  const { instance } = gateway;
  const type = (instance as object).constructor as Type;

  const call = (args: readonly unknown[], context: WsMessageContext): unknown => {
    // A decorator of the application may have closed the connection, or waited while it was revoked (F13).
    if (hasOwnCode && !context.isCurrent) throw new WsRefusalException('FORBIDDEN');
    const result: unknown = Reflect.apply(callback, instance, args);
    return isPromiseLike(result) ? settled(result, context) : contained(result, context);
  };

  return (client, data, context) => {
    let made: ExecutionContextHost | undefined;
    const hostOf: HostOf = () => {
      if (made === undefined) {
        made = new ExecutionContextHost([client, data, context.event, context, handler.event], type, callback);
        made.setType('ws');
      }
      return made;
    };
    const args: unknown[] = [];
    try {
      for (const read of all) args.push(read(client, data, context, hostOf));
      if (!hasOwnCode || !args.some(isPromiseLike)) return call(args, context);
      return settled(
        Promise.all(args).then((values) => call(values, context)),
        context,
      );
    } catch (error) {
      // One decorator throws while another still waits: Nest's chain would have taken the rejection of that one.
      if (hasOwnCode) for (const argument of args) if (types.isPromise(argument)) dropPromise(argument);
      return failed(error, context);
    }
  };
}

const readNothing: ParameterReader = () => undefined;

/** As `WsParamsFactory` and `WsContextCreator` of Nest fill a parameter. `undefined` for one that they alone can fill. */
function readerOf(key: string, parameter: ParameterMetadata): ParameterReader | undefined {
  const { data: given, factory } = parameter;
  if (typeof factory === 'function') {
    return (_client, _data, _context, hostOf) => (factory as ParameterFactory)(given, hostOf());
  }
  const kind = Number(key.split(':')[0]);
  if (kind === CLIENT_PARAMETER) return (client) => client;
  if (kind !== PAYLOAD_PARAMETER) return undefined;
  const name = payloadPropertyOf(parameter);
  if (name === undefined) return (_client, data) => data;
  return (_client, data) => (data as Readonly<Record<string, unknown>> | null | undefined)?.[name];
}

/** What `createParamDecorator` is given. */
type ParameterFactory = (data: unknown, host: ExecutionContextHost) => unknown;

/** What a promise settles with. A failure is kept, and settles it with nothing. */
function settled(promise: PromiseLike<unknown>, context: WsMessageContext): Promise<unknown> {
  return Promise.resolve(promise).then(
    (value) => contained(value, context),
    (error: unknown) => failed(error, context),
  );
}

/** A stream that fails ends, as it does behind Nest's own `WsProxy`: whoever sends it finds the failure at its end. */
function contained(result: unknown, context: WsMessageContext): unknown {
  if (!isObservable(result)) return result;
  return result.pipe(
    catchError((error: unknown) => {
      failed(error, context);
      return EMPTY;
    }),
  );
}

/** What {@link LastFilter} does behind Nest's chain. */
function failed(exception: unknown, context: WsMessageContext): undefined {
  context.failure = { exception, isAnswered: false };
}
