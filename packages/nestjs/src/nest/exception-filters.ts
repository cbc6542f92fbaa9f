import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { BaseWsExceptionFilter, WsException } from '@nestjs/websockets';
import { isPromiseLike } from '../core/awaitable.js';
import type { BootProblems } from '../core/boot-problems.js';
import { takeHoldBriefly } from '../core/give-up.js';
import { findMessageContext } from '../core/message-context.js';
import { enhancersAt, instanceOf } from './enhancers.js';
import type { GatewayRecord } from './gateway-inventory.js';
import { EXCEPTION_FILTERS_METADATA, listOf } from './metadata.js';
import type { RegistrationMetadata } from './registration-metadata.js';
import { setOwn, SharedPatch } from './shared-patch.js';

/** An application, as a filter that it shares with others sees it. */
export interface FilterUser {
  /** Whether a client is connected to this application. */
  owns(client: unknown): boolean;
  onFilterFailed(filter: string, connectionId: string | undefined): void;
}

/**
 * Refuses filters that extend `BaseWsExceptionFilter`: on Nest 12 it writes to the socket by itself, with the payload of
 * the message as `cause`, past the error frames of the module.
 */
export function checkFilters(gateway: GatewayRecord, problems: BootProblems): void {
  for (const filter of enhancersAt(gateway, 'filters')) {
    const type = typeof filter === 'function' ? filter : (filter as object).constructor;
    if (type !== BaseWsExceptionFilter && !(type.prototype instanceof BaseWsExceptionFilter)) continue;
    problems.add(
      gateway.name,
      `uses ${type.name}, which extends BaseWsExceptionFilter: it would write to the socket past the error frames, and repeat the payload.`,
      'implement WsExceptionFilter instead; what it does not answer becomes an error frame',
    );
  }
}

/**
 * The filter behind all filters of a gateway: it keeps what was thrown for the message, which answers with an error frame.
 * Without it Nest's own filter would repeat the payload to the client (12) or answer nothing at all (11).
 *
 * It has no state, so that one instance serves several applications in a process.
 */
@Catch()
export class LastFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const context = findMessageContext(host.getArgs<unknown[]>());
    if (context !== undefined) context.failure = { exception, isAnswered: false };
  }
}

/** Puts a filter behind all others of a gateway. Nest reverses the list, so that the first one is asked last. */
export function addLastFilter(gateway: GatewayRecord, filter: object, metadata: RegistrationMetadata): void {
  const others = listOf(EXCEPTION_FILTERS_METADATA, gateway.type).filter((other) => other !== filter);
  metadata.set(EXCEPTION_FILTERS_METADATA, [filter, ...others], gateway.type);
}

/**
 * Keeps the failures of an application's exception filters away from the process: Nest does not await filters, and the
 * rejection of an asynchronous one would be an unhandled rejection. Also finds out whether a filter has answered the
 * client: what it did not answer is answered by the module (F34). A filter that throws a `WsException` or an
 * `HttpException` chooses the answer.
 *
 * @returns undoes it.
 */
export function containFilters(gateway: GatewayRecord, user: FilterUser): (() => void)[] {
  const filters = enhancersAt(gateway, 'filters').map((reference) => instanceOf(reference, gateway.module));
  const own = [...new Set(filters)].filter((filter) => isFilter(filter) && !(filter instanceof LastFilter));
  return own.map((filter) => CONTAINED.apply(filter as ExceptionFilter, user));
}

function isFilter(value: unknown): boolean {
  return typeof (value as Partial<ExceptionFilter> | null | undefined)?.catch === 'function';
}

const CONTAINED = new SharedPatch<FilterUser>((target, users) => {
  const filter = target as ExceptionFilter;
  const original = Reflect.get(filter, 'catch') as (exception: unknown, host: ArgumentsHost) => unknown;
  return setOwn(filter, 'catch', (exception: unknown, host: ArgumentsHost): unknown => {
    if (host.getType<string>() !== 'ws') return original.call(filter, exception, host);
    const args = host.getArgs<unknown[]>();
    const context = findMessageContext(args);
    const wasAnswered = context?.watchAnswer();
    const settle = (isAnswered: boolean | Promise<boolean>): void => {
      if (context !== undefined) context.failure = { exception, isAnswered };
    };
    const failed = (cause: unknown): false => {
      wasAnswered?.();
      // The filter's own takes the place of what it was asked about.
      takeHoldBriefly(exception);
      takeHoldBriefly(cause);
      if (cause instanceof WsException || cause instanceof HttpException) {
        if (context !== undefined) context.failure = { exception: cause, isAnswered: false, isChosen: true };
        return false;
      }
      const user = [...users].find((candidate) => candidate.owns(args[0]));
      user?.onFilterFailed(filter.constructor.name, context?.connection.id);
      settle(false);
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
