import { CLOSE_CODES, type CloseCodeName } from '@secure-ws/protocol';
import type { WsClose } from '../core/ws-connection.js';
import type { Linked } from '../core/linked-list.js';
import type { BoundedSocket } from '../lifecycle/bounded-socket.js';
import type { FrameFault, FrameWatch } from '../lifecycle/inbound-frames.js';
import type { UnfinishedMessages, UnfinishedOwner } from '../lifecycle/unfinished-messages.js';
import type { ManagedConnection } from '../lifecycle/managed-connection.js';
import type { ConnectionPipeline } from '../messages/connection-pipeline.js';

const CLOSE_OF_FAULT: Readonly<Record<FrameFault, CloseCodeName>> = Object.freeze({
  'binary-frame': 'UNSUPPORTED_DATA',
  'text-frame': 'UNSUPPORTED_DATA',
  'message-size': 'TOO_BIG',
  'broken-frame': 'PROTOCOL_ERROR',
  'control-flood': 'POLICY_VIOLATION',
  'early-bytes': 'TOO_BIG',
  'unfinished-bytes': 'OVERLOADED',
});

const CLOSE_OF_ERROR: ReadonlyMap<string, CloseCodeName> = new Map<string, CloseCodeName>([
  ['WS_ERR_INVALID_UTF8', 'INVALID_PAYLOAD'],
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'TOO_BIG'],
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 'TOO_BIG'],
  ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 'POLICY_VIOLATION'],
]);

const NAME_OF_CODE: ReadonlyMap<number, CloseCodeName> = new Map(
  Object.entries(CLOSE_CODES).map(([name, { code }]) => [code, name as CloseCodeName]),
);

export class AcceptedSocket implements FrameWatch, UnfinishedOwner {
  previous: Linked | undefined;
  next: Linked | undefined;
  heldBytes = 0;
  /** The `handleConnection` hooks that have not ended. */
  readonly connecting: PromiseLike<unknown>[] = [];
  /** Nest's callbacks for the end of the connection, one a gateway. */
  readonly disconnects: ((code: number) => void)[] = [];
  close: WsClose | undefined;
  /** How often somebody has asked to find out whether the identity still holds: what was found out before may be outdated. */
  revalidations = 0;
  /** Whether the application's connection hooks have heard of it. */
  isGreeted = false;
  /** Ends when these hooks are done; `undefined` where nobody has to wait for one. */
  greeting: Promise<void> | undefined;

  constructor(
    readonly socket: BoundedSocket,
    readonly connection: ManagedConnection,
    readonly pipeline: ConnectionPipeline,
    /** How the identity was proved: the authenticator's kind, and where the credential stood. */
    public method: string,
    readonly now: () => number,
    private readonly unfinished: UnfinishedMessages,
  ) {}

  get isClosing(): boolean {
    return !this.connection.isOpen;
  }

  onFault(fault: FrameFault): void {
    const { connection, pipeline } = this;
    if (!connection.isOpen) return;
    // The first is the process's own trouble, and nobody is charged for it.
    const code = fault === 'unfinished-bytes' ? 'OVERLOADED' : 'BAD_MESSAGE';
    pipeline.refusals.note({ code, reason: fault });
    connection.close(CLOSE_OF_FAULT[fault]);
  }

  onUnfinished(since: number): void {
    this.connection.deadlines.onUnfinished(since);
    this.unfinished.begin(this);
  }

  onHeld(bytes: number): void {
    this.unfinished.hold(this, bytes);
  }

  /** It is read no more, so that nothing is added to what it holds, and cut off soon, so that this is let go. */
  onEvicted(): void {
    const { connection } = this;
    this.onFault('unfinished-bytes');
    connection.inbound?.fail();
    connection.deadlines.onCutOff();
  }

  onCutOff(): void {
    this.connection.deadlines.onCutOff();
  }

  /**
   * Takes note that `ws` has failed the connection for what the peer sent, and closed it with the code of the RFC. It reports
   * 1006 in its own `close` event for all of them, and the audit needs what was sent.
   *
   * @param error the `code` of the error: a word of `ws`, or of Node for an error of the network, when nothing was sent.
   */
  onError(error: string): void {
    const { connection, pipeline } = this;
    if (!error.startsWith('WS_ERR_') || connection.closing !== undefined) return;
    connection.failed(CLOSE_OF_ERROR.get(error) ?? 'PROTOCOL_ERROR');
    pipeline.refusals.note({ code: 'BAD_MESSAGE', reason: 'broken-frame' });
  }

  /**
   * Takes note that `ws` has cut the peer off: it owes it too many pongs, which the peer does not read. That comes without an
   * error, in the middle of a ping, and would look as if the network had ended the connection (MO-03).
   */
  onPing(): void {
    const { connection, pipeline, socket } = this;
    if (!socket.isCutOff || connection.closing !== undefined) return;
    connection.failed('POLICY_VIOLATION');
    pipeline.refusals.note({ code: 'BAD_MESSAGE', reason: 'control-flood' });
  }

  /** The socket is closed; `code` is what `ws` saw. */
  onClosed(code: number): WsClose {
    this.unfinished.hold(this, 0);
    const { closing } = this.connection;
    const initiator = closing !== undefined ? 'server' : code === 1006 ? 'network' : 'client';
    return (this.close = { name: closing ?? NAME_OF_CODE.get(code), code, initiator });
  }
}
