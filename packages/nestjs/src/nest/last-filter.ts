import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { findMessageContext } from '../core/message-context.js';

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
