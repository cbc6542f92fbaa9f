import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { WsMessageContext } from '../core/message-context.js';
import { isPromiseLike } from '../core/awaitable.js';

/** Told when a filter of the application throws or rejects. */
export type FilterFailureReport = (filter: string, connectionId: string | undefined) => void;

/**
 * Keeps the failure of an application's exception filter away from the process: Nest does not await filters, and the
 * rejection of an asynchronous one would be an unhandled rejection. Also tells the pipeline that the filter took the
 * exception, so that no reply follows.
 */
export function containFilter(filter: object, report: FilterFailureReport): void {
  const original = (filter as Partial<ExceptionFilter>).catch;
  if (typeof original !== 'function') return;
  Object.defineProperty(filter, 'catch', {
    configurable: true,
    writable: true,
    value: (exception: unknown, host: ArgumentsHost): unknown => {
      if (host.getType<string>() !== 'ws') return original.call(filter, exception, host);
      const context = host.getArgs<unknown[]>().find((arg) => arg instanceof WsMessageContext);
      const fail = (): void => {
        report(filter.constructor.name, context?.connection.id);
        if (context !== undefined) context.failure = { exception, isAnswered: false };
      };
      if (context !== undefined) context.failure = { exception, isAnswered: true };
      try {
        const result: unknown = original.call(filter, exception, host);
        if (isPromiseLike(result)) result.then(undefined, fail);
      } catch {
        fail();
      }
      return undefined;
    },
  });
}
