import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { EnhancerChecks } from './enhancer-checks.js';

/**
 * The throttles of the module as a Nest interceptor, for gateways on another adapter that do not use `WsAuthorizeGuard`.
 * A message that the guard has counted is not counted again.
 */
@Injectable()
export class WsThrottlerInterceptor implements NestInterceptor {
  /** @internal */
  constructor(private readonly checks: EnhancerChecks) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    await this.checks.throttle(context);
    return next.handle();
  }
}
