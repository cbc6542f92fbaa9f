import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { EnhancerChecks } from './enhancer-checks.js';

/**
 * The strict validation of the module as a Nest pipe, for gateways on another adapter: unknown properties are refused, and
 * nothing is converted that the DTO does not ask for. Of a handler
 * under `WsAuthorizeGuard` the boot takes it out of the call: the guard has validated the payload.
 */
@Injectable()
export class WsValidationPipe implements PipeTransform {
  /** @internal */
  constructor(private readonly checks: EnhancerChecks) {}

  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if (type !== 'body') return value;
    // A handler without a parameter for its payload: there is nothing to hand on.
    if (value === undefined && metatype === undefined) return undefined;
    return this.checks.validate(value, metatype);
  }
}
