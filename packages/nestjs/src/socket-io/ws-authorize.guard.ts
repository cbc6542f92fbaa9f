import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { EnhancerChecks } from './enhancer-checks.js';

/**
 * The checks of a message as a Nest guard, for gateways on another adapter such as Socket.IO: throttle, `@WsAuthorize`,
 * the payload, and policies, which see it validated. The handler then gets that payload, `@WsPrincipal()` and
 * `@WsResource()`.
 *
 * Under the module's own adapter all of this has happened before, and the guard passes.
 */
@Injectable()
export class WsAuthorizeGuard implements CanActivate {
  /** @internal */
  constructor(private readonly checks: EnhancerChecks) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await this.checks.judge(context);
    return true;
  }
}
