import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { EnhancerChecks } from './enhancer-checks.js';

/**
 * What `@WsReply` declares as a Nest interceptor, for gateways on another adapter such as Socket.IO. Name it first, on the
 * class: what stands in front of it sees a reply later, and could add to it.
 *
 * Under the module's own adapter the reply is written after every interceptor, and this one passes.
 */
@Injectable()
export class WsReplyInterceptor implements NestInterceptor {
  /** @internal */
  constructor(private readonly checks: EnhancerChecks) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const replies = this.checks.repliesOf(context);
    return replies === undefined ? next.handle() : replies.written(next.handle());
  }
}
