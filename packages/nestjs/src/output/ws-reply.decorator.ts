import type { OutputDeclaration } from '../core/output.js';
import { decorated, requireModule } from '../nest/module-required.guard.js';
import { defineOnce } from '../nest/written-once.js';

/** Metadata key of {@link WsReply}. */
export const WS_REPLY_METADATA = 'secure-ws:reply';

/**
 * Declares what a handler answers, each value of a stream included: of a class the properties with `@Expose()` of
 * class-transformer, and nothing else, whatever the handler returns. A property with `@Expose({ groups: ['manager'] })` is
 * for who has the role `manager`.
 *
 * What does not fit (an object for a text, a list for an object, a promise) is not sent: the client gets `INTERNAL`.
 *
 * @param declaration a class, `[Item]` for a list, `String`, `Number`, `Boolean` or a Standard Schema object.
 * @example
 * ```ts
 * class UserView {
 *   @Expose() id!: string;
 *   @Expose() name!: string;
 * }
 *
 * @WsReply(UserView)
 * @SubscribeMessage('user.find')
 * find(@MessageBody() { id }: FindUser): Promise<User> {
 *   return this.users.findOneByOrFail({ id });
 * }
 * ```
 */
export function WsReply(declaration: OutputDeclaration): MethodDecorator {
  return (target: object, _key: string | symbol, descriptor?: PropertyDescriptor) => {
    const owner = decorated(target, descriptor);
    requireModule(owner);
    // In an object: a decorator that is given `undefined` must not look like one that is not there.
    defineOnce(WS_REPLY_METADATA, { declaration } satisfies ReplyMetadata, owner);
  };
}

/** What {@link WsReply} leaves behind. */
export interface ReplyMetadata {
  readonly declaration: unknown;
}

/** What a handler declares to answer; `undefined` where it declares nothing. */
export function replyOf(callback: object): ReplyMetadata | undefined {
  return Reflect.getMetadata(WS_REPLY_METADATA, callback) as ReplyMetadata | undefined;
}
