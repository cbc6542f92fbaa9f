import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { wasValidated } from '../nest/validated-argument.js';
import { EnhancerChecks } from './enhancer-checks.js';

/**
 * The strict validation of the module as a Nest pipe, for gateways on another adapter: unknown properties are refused, and
 * nothing is converted that the DTO does not ask for. The boot takes it out of calls whose payload was validated: under the
 * module's own adapter, and under `WsAuthorizeGuard`.
 *
 * A class derived from it that overrides `transform()` runs there, with the validated payload; `super.transform()` passes
 * that on.
 */
@Injectable()
export class WsValidationPipe implements PipeTransform {
  /** @internal */
  constructor(private readonly checks: EnhancerChecks) {}

  async transform(value: unknown, argument: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = argument;
    if (type !== 'body' || wasValidated(argument)) return value;
    // A handler without a parameter for its payload: there is nothing to hand on.
    if (value === undefined && metatype === undefined) return undefined;
    return this.checks.validate(value, metatype);
  }
}
