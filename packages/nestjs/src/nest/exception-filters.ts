import { type ArgumentsHost, type ExceptionFilter, HttpException } from '@nestjs/common';
import { BaseWsExceptionFilter, WsException } from '@nestjs/websockets';
import { isPromiseLike } from '../core/awaitable.js';
import type { BootProblems } from '../core/boot-problems.js';
import { findMessageContext } from '../core/message-context.js';
import type { GatewayRecord } from './gateway-inventory.js';
import { EXCEPTION_FILTERS_METADATA } from './metadata.js';
import type { RegistrationMetadata } from './registration-metadata.js';
import { setOwn, SharedPatch } from './shared-patch.js';

/** An application, as a filter that it shares with others sees it. */
export interface FilterUser {
  /** Whether a client is connected to this application. */
  owns(client: unknown): boolean;
  /** A filter has thrown or rejected. */
  onFilterFailed(filter: string, connectionId: string | undefined): void;
}

/**
 * Refuses filters that extend `BaseWsExceptionFilter`: on Nest 12 it writes to the socket by itself, with the payload of
 * the message as `cause`, past the error frames of the module.
 */
export function checkFilters(gateway: GatewayRecord, problems: BootProblems): void {
  const owners = [gateway.type, ...gateway.handlers.map((handler) => handler.callback)];
  for (const filter of owners.flatMap(filtersOf)) {
    const type = typeof filter === 'function' ? filter : (filter as object).constructor;
    if (type !== BaseWsExceptionFilter && !(type.prototype instanceof BaseWsExceptionFilter)) continue;
    problems.add(
      gateway.name,
      `uses ${type.name}, which extends BaseWsExceptionFilter: it would write to the socket past the error frames, and repeat the payload.`,
      'implement WsExceptionFilter instead; what it does not answer becomes an error frame',
    );
  }
}

/** Puts a filter behind all others of a gateway. Nest reverses the list, so that the first one is asked last. */
export function addLastFilter(gateway: GatewayRecord, filter: object, metadata: RegistrationMetadata): void {
  const others = filtersOf(gateway.type).filter((other) => other !== filter);
  metadata.set(EXCEPTION_FILTERS_METADATA, [filter, ...others], gateway.type);
}

/**
 * Keeps the failure of an application's exception filter away from the process: Nest does not await filters, and the
 * rejection of an asynchronous one would be an unhandled rejection. Also finds out whether the filter has answered the
 * client: what it did not answer is answered by the module (F34). A filter that throws a `WsException` or an
 * `HttpException` chooses the answer.
 *
 * @returns undoes it.
 */
export function containFilter(filter: object, user: FilterUser): () => void {
  const isFilter = typeof (filter as Partial<ExceptionFilter>).catch === 'function';
  return isFilter ? CONTAINED.apply(filter, user) : () => undefined;
}

const CONTAINED = new SharedPatch<FilterUser>((target, users) => {
  const filter = target as ExceptionFilter;
  const original = Reflect.get(filter, 'catch') as (exception: unknown, host: ArgumentsHost) => unknown;
  return setOwn(filter, 'catch', (exception: unknown, host: ArgumentsHost): unknown => {
    if (host.getType<string>() !== 'ws') return original.call(filter, exception, host);
    const args = host.getArgs<unknown[]>();
    const context = findMessageContext(args);
    const wasAnswered = context?.watchAnswer();
    const settle = (isAnswered: boolean | Promise<boolean>, cause: unknown = exception): void => {
      if (context !== undefined) context.failure = { exception: cause, isAnswered };
    };
    const failed = (cause: unknown): false => {
      wasAnswered?.();
      const user = [...users].find((candidate) => candidate.owns(args[0]));
      user?.onFilterFailed(filter.constructor.name, context?.connection.id);
      settle(false, cause instanceof WsException || cause instanceof HttpException ? cause : exception);
      return false;
    };
    try {
      const result: unknown = original.call(filter, exception, host);
      if (isPromiseLike(result)) settle(Promise.resolve(result).then(() => wasAnswered?.() === true, failed));
      else settle(wasAnswered?.() === true);
    } catch (error) {
      failed(error);
    }
    return undefined;
  });
});

function filtersOf(owner: object): readonly unknown[] {
  return (Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, owner) ?? []) as unknown[];
}
