import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { ERROR_EVENT } from '@secure-ws/protocol';
import { EnhancerChecks } from './enhancer-checks.js';

/**
 * Answers what was thrown, for gateways on another adapter: `@UseFilters(WsExceptionsFilter)`. The client gets an `error`
 * event with the content of an error frame; one that asked for an acknowledgement gets the frame as that.
 *
 * Name the class, not an instance of it: it audits through the module. Under the module's own adapter it leaves the answer
 * to that.
 */
@Catch()
export class WsExceptionsFilter implements ExceptionFilter {
  /** @internal */
  constructor(private readonly checks: EnhancerChecks) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    if (this.checks.isAnsweredElsewhere(host)) return;
    const args = host.getArgs<unknown[]>();
    const client = args[0] as { emit?: (event: string, data: unknown) => unknown };
    const event: unknown = args.at(-1);
    const data = this.checks.answerTo(exception, client, typeof event === 'string' ? event : '');
    // Nest acknowledges what a handler returns, and nothing where it throws: the client would wait for ever (F34).
    const acknowledge = args.find((arg) => typeof arg === 'function') as ((reply: unknown) => unknown) | undefined;
    if (acknowledge === undefined) client.emit?.(ERROR_EVENT, data);
    else acknowledge({ event: ERROR_EVENT, data });
  }
}
