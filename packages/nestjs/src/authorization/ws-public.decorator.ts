import { decorated, requireModule } from '../nest/module-required.guard.js';

/** Metadata key of {@link WsPublic}. */
export const WS_PUBLIC_METADATA = 'secure-ws:public';

/**
 * Says that this event, or each event of this gateway, needs no identity.
 *
 * The boot refuses it under a class that asks for an identity, and on a gateway without anonymous access.
 */
export function WsPublic(): ClassDecorator & MethodDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const owner = decorated(target, descriptor);
    requireModule(owner);
    Reflect.defineMetadata(WS_PUBLIC_METADATA, true, owner);
  };
}
