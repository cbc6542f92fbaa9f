import { decorated, requireModule } from '../../nest/module-required.guard.js';
import { defineOnce } from '../../nest/written-once.js';
import type { MagicName, MagicPart } from './magic.js';

/** Metadata key of {@link WsBinary}. */
export const WS_BINARY_METADATA = 'secure-ws:binary';

/** What the bytes of a message may be. */
export interface WsBinaryOptions {
  /** How many bytes there may be, at most 64 MiB. */
  readonly maxBytes: number;
  /**
   * How they must begin: names of file types, or parts of your own that must all be there. One of the list is enough. It
   * says what a file claims to be, and not that it is one: decode what you keep.
   *
   * @default anything
   */
  readonly magic?: readonly (MagicName | MagicPart | readonly MagicPart[])[];
}

/**
 * Lets a handler take bytes with its message, such as an image or a piece of audio; `@WsBytes()` gives them. A message without
 * any is refused. Everywhere else a message with bytes is refused.
 *
 * @example
 * ```ts
 * @WsBinary({ maxBytes: 262_144, magic: ['png', 'jpeg'] })
 * @SubscribeMessage('avatar.set')
 * set(@MessageBody() { name }: Avatar, @WsBytes() bytes: Buffer) {}
 * ```
 */
export function WsBinary(options: WsBinaryOptions): MethodDecorator {
  return (target: object, _key: string | symbol, descriptor: PropertyDescriptor) => {
    const owner = decorated(target, descriptor);
    requireModule(owner);
    // Whatever was written: the boot says what is wrong with it.
    const written: unknown = options;
    defineOnce(WS_BINARY_METADATA, written ?? {}, owner);
  };
}
