import { decorated, requireModule } from '../nest/module-required.guard.js';

/** Metadata key of {@link WsStepUp}: a list of what each decorator asks for. */
export const WS_STEP_UP_METADATA = 'secure-ws:step-up';

/** What {@link WsStepUp} asks for. */
export interface WsStepUpOptions {
  /** How long ago the user may have logged in, in milliseconds. */
  readonly maxAgeMs: number;
}

/**
 * Asks for a recent log-in before this event is handled; on a class, before each event of the gateway. It comes on top of
 * `@WsAuthorize()`. Of several, on class and method, the shortest holds.
 *
 * Whoever has not logged in recently is answered `STEP_UP_REQUIRED` with `details: { maxAgeMs }`, and goes on with the same
 * connection: the client has its user log in again, sends `$auth` with the new token, and repeats the message. What counts is
 * `principal.authenticatedAt`, such as the `auth_time` of a token; an identity that does not say is not recent.
 *
 * @example
 * ```ts
 * @WsStepUp({ maxAgeMs: minutes(5) })
 * @WsAuthorize(AccountOwner)
 * @SubscribeMessage('account.close')
 * ```
 */
export function WsStepUp(options: WsStepUpOptions): ClassDecorator & MethodDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const owner = decorated(target, descriptor);
    requireModule(owner);
    const before = (Reflect.getMetadata(WS_STEP_UP_METADATA, owner) ?? []) as readonly unknown[];
    Reflect.defineMetadata(WS_STEP_UP_METADATA, Object.freeze([options, ...before]), owner);
  };
}
