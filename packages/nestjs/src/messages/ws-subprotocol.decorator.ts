import { decorated, requireModule } from '../nest/module-required.guard.js';
import { defineOnce } from '../nest/written-once.js';

/** Metadata key of {@link WsSubprotocol}. */
export const WS_SUBPROTOCOL_METADATA = 'secure-ws:subprotocol';

/**
 * Says in which subprotocols this event, or each event of this gateway, exists: for a connection that negotiated another
 * one it is answered like an event that there is not. Without it an event exists in all of them.
 *
 * The names are those of `@SecureGateway({ subprotocols })`, `secure-ws.v1`, and `json.v1`, which stands for clients that
 * offer none as well. A method may name fewer than its class, and no others. Two handlers of one event may stand beside
 * each other where no subprotocol has both: that is how a second version of an event comes in.
 *
 * @example
 * ```ts
 * @WsSubprotocol('chat.v2')
 * @SubscribeMessage('message.send')
 * ```
 */
export function WsSubprotocol(...names: [string, ...string[]]): ClassDecorator & MethodDecorator {
  const frozen = Object.freeze([...names]);
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const owner = decorated(target, descriptor);
    requireModule(owner);
    defineOnce(WS_SUBPROTOCOL_METADATA, frozen, owner);
  };
}
