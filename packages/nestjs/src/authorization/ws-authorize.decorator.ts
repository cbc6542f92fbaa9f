import { decorated, requireModule } from '../nest/module-required.guard.js';
import type { WsRequirement } from './requirement.js';
import { Shadowed, withShadow, type WsShadow } from './shadow/ws-shadow.js';

/** Metadata key of {@link WsAuthorize}: a list of requirements, and of those with a shadow. */
export const WS_AUTHORIZE_METADATA = 'secure-ws:authorize';

/**
 * Says who may send this event; on a class, the events of the gateway. Without arguments: any authenticated principal.
 *
 * Everything that is asked for must agree: the arguments of one decorator, several decorators, and those of the class
 * with those of the method. Alternatives are written with `anyOf(...)`.
 *
 * `{ shadow: NewPolicy }` beside them is tried and not obeyed: where it would have decided otherwise than the decorator that
 * it stands in, the event `ws.policy.differed` says so.
 *
 * @example
 * ```ts
 * @WsAuthorize(AccountOwner, { scopes: ['orders:write'] })
 * @SubscribeMessage('order.place')
 * ```
 */
export function WsAuthorize(...asked: (WsRequirement | WsShadow)[]): ClassDecorator & MethodDecorator {
  const added = withShadow(asked);
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const owner = decorated(target, descriptor);
    requireModule(owner);
    // The list is copied: a subclass adds to what its parent asks for, and the parent stays as it is.
    const before = (Reflect.getMetadata(WS_AUTHORIZE_METADATA, owner) ?? []) as readonly (WsRequirement | Shadowed)[];
    Reflect.defineMetadata(WS_AUTHORIZE_METADATA, Object.freeze([...added, ...before]), owner);
  };
}
