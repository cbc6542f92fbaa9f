import { type ArgumentsHost, type ExceptionFilter, HttpException } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { isPromiseLike } from '../core/awaitable.js';
import { findMessageContext } from '../core/message-context.js';

/** Told when a filter of the application throws or rejects. */
export type FilterFailureReport = (filter: string, connectionId: string | undefined) => void;

/**
 * Keeps the failure of an application's exception filter away from the process: Nest does not await filters, and the
 * rejection of an asynchronous one would be an unhandled rejection. Also finds out whether the filter has answered the
 * client: what it did not answer is answered by the module (F34). A filter that throws a `WsException` or an
 * `HttpException` chooses the answer.
 */
export function containFilter(filter: object, report: FilterFailureReport): void {
  const original = (filter as Partial<ExceptionFilter>).catch;
  if (typeof original !== 'function') return;
  const contained = (exception: unknown, host: ArgumentsHost): unknown => {
    if (host.getType<string>() !== 'ws') return original.call(filter, exception, host);
    const context = findMessageContext(host.getArgs<unknown[]>());
    const wasAnswered = context?.watchAnswer();
    const settle = (isAnswered: boolean | Promise<boolean>, cause: unknown = exception): void => {
      if (context !== undefined) context.failure = { exception: cause, isAnswered };
    };
    const failed = (cause: unknown): false => {
      wasAnswered?.();
      report(filter.constructor.name, context?.connection.id);
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
  };
  Object.defineProperty(filter, 'catch', { configurable: true, writable: true, value: contained });
}
