import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { WsMessageContext } from '../internal/message-context.js';

/**
 * The filter behind all filters of a gateway: it keeps what was thrown for the pipeline, which answers with an error
 * frame. Without it Nest's own filter would repeat the payload to the client (12) or answer nothing at all (11).
 *
 * It has no state, so that one instance serves several applications in a process.
 */
@Catch()
export class WsExceptionsFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const context = host.getArgs<unknown[]>().find((arg) => arg instanceof WsMessageContext);
    if (context !== undefined) context.failure = { exception, isAnswered: false };
  }
}
