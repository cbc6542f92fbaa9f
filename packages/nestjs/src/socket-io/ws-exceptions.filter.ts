import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { ERROR_EVENT, ERROR_MESSAGES } from '@secure-ws/protocol';
import { randomId } from '../core/identifier.js';
import { WsMessageContext } from '../core/message-context.js';
import { mapException } from '../messages/exception-mapping.js';

/**
 * The filter behind all filters of a gateway: it keeps what was thrown for the pipeline, which answers with an error
 * frame. Without it Nest's own filter would repeat the payload to the client (12) or answer nothing at all (11).
 *
 * For gateways on another adapter, `@UseFilters(WsExceptionsFilter)` answers by itself: an `error` event with the same
 * content.
 *
 * It has no state, so that one instance serves several applications in a process.
 */
@Catch()
export class WsExceptionsFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const context = host.getArgs<unknown[]>().find((arg) => arg instanceof WsMessageContext);
    if (context?.isPiped === true) {
      context.failure = { exception, isAnswered: false };
      return;
    }
    const { code, retryAfterMs, issues } = mapException(exception);
    const message = code === 'UNKNOWN_EVENT' ? ERROR_MESSAGES.FORBIDDEN : ERROR_MESSAGES[code];
    const client = host.switchToWs().getClient<{ emit?: (event: string, data: unknown) => unknown }>();
    client.emit?.(ERROR_EVENT, {
      code,
      message,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(issues === undefined ? {} : { issues }),
      correlationId: randomId(),
    });
  }
}
