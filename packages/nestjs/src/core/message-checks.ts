import type { ExecutionContext } from '@nestjs/common';

/**
 * The checks of a message as one call, for gateways on another adapter: there Nest runs guards, then interceptors, then
 * pipes, and none of them alone comes early and late enough.
 */
export abstract class MessageChecks {
  /**
   * Runs throttle, claims, validation and policies for the call of a handler, and hands the outcome on in its arguments.
   * A call that came through the module's own adapter has passed them already.
   *
   * @throws {WsRefusalException} when it is refused.
   */
  abstract judge(context: ExecutionContext): Promise<void>;

  /** Whether a value is a payload that the module has validated. */
  abstract isValidated(value: unknown): boolean;

  /** Counts a call for its client's throttles, where {@link judge} did not. */
  abstract throttle(context: ExecutionContext): Promise<void>;

  /**
   * Validates a payload by the type of its parameter.
   *
   * @throws {WsRefusalException} when it is refused, or the type cannot be validated.
   */
  abstract validate(value: unknown, type: unknown): Promise<unknown>;
}
