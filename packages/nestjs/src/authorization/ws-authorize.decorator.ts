import { decorated, requireModule } from '../nest/module-required.guard.js';
import type { WsRequirement } from './requirement.js';

/** Metadata key of {@link WsAuthorize}: a list of requirements. */
export const WS_AUTHORIZE_METADATA = 'secure-ws:authorize';

/**
 * Says who may send this event; on a class, the events of the gateway. Without arguments: any authenticated principal.
 *
 * Everything that is asked for must agree: the arguments of one decorator, several decorators, and those of the class
 * with those of the method. Alternatives are written with `anyOf(...)`.
 *
 * @example
 * ```ts
 * @WsAuthorize(AccountOwner, { scopes: ['orders:write'] })
 * @SubscribeMessage('order.place')
 * ```
 */
export function WsAuthorize(...requirements: WsRequirement[]): ClassDecorator & MethodDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const owner = decorated(target, descriptor);
    requireModule(owner);
    // The list is copied: a subclass adds to what its parent asks for, and the parent stays as it is.
    const before = (Reflect.getMetadata(WS_AUTHORIZE_METADATA, owner) ?? []) as readonly WsRequirement[];
    Reflect.defineMetadata(WS_AUTHORIZE_METADATA, Object.freeze([...requirements, ...before]), owner);
  };
}
