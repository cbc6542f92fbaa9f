import type { Writable } from 'node:stream';
// A namespace: the types of ws do not list its Receiver.
import * as ws from 'ws';
import type { WebSocket } from 'ws';

/** What `ws` 8.23 keeps of a message that has not arrived whole. Not part of its interface: see {@link canSeeUnfinished}. */
interface ReceiverState {
  readonly _bufferedBytes?: unknown;
  readonly _fragmented?: unknown;
  readonly _state?: unknown;
}

/** The receiver's state between two frames. */
const BETWEEN_FRAMES = 0;

/**
 * Whether a socket has received the beginning of a message, or of a frame, and not its end. Looking costs nothing on the
 * way of a message: a peer that drips one byte a second is found by the coarse timer (DR-06).
 */
export function hasUnfinishedMessage(socket: WebSocket): boolean {
  const { _receiver } = socket as unknown as { readonly _receiver?: ReceiverState | null };
  return _receiver !== undefined && _receiver !== null && isUnfinished(_receiver);
}

/**
 * Tries out on a receiver of the installed `ws` whether {@link hasUnfinishedMessage} can still see what it looks at. The
 * boot fails when it cannot: the deadline of an unfinished message would be off in silence.
 */
export function canSeeUnfinished(): boolean {
  const { Receiver } = ws as unknown as {
    Receiver: new (options: { isServer: boolean }) => Writable & ReceiverState;
  };
  const receiver = new Receiver({ isServer: true });
  receiver.on('error', () => undefined);
  const isIdle = !isUnfinished(receiver);
  // The first fragment of a text message: FIN off, masked, one byte.
  receiver.write(Buffer.from([0x01, 0x81, 0, 0, 0, 0, 0x61]));
  const afterFragment = isUnfinished(receiver);
  // The last fragment, cut off after its first byte.
  receiver.write(Buffer.from([0x80]));
  const insideFrame = isUnfinished(receiver);
  receiver.destroy();
  return isIdle && afterFragment && insideFrame;
}

function isUnfinished({ _bufferedBytes, _fragmented, _state }: ReceiverState): boolean {
  return (
    (typeof _fragmented === 'number' && _fragmented !== 0) ||
    (typeof _bufferedBytes === 'number' && _bufferedBytes > 0) ||
    (typeof _state === 'number' && _state !== BETWEEN_FRAMES)
  );
}
