import type { WebSocket } from 'ws';
import type { ManagedConnection } from '../lifecycle/managed-connection.js';
import type { ConnectionPipeline } from '../messages/connection-pipeline.js';

/** What the adapter keeps of an accepted socket. */
export class GatewaySocket {
  /** The `handleConnection` hooks that have not ended. */
  readonly connecting: PromiseLike<unknown>[] = [];
  /** Nest's callbacks for the end of the connection, one a gateway. */
  readonly disconnects: ((code: number) => void)[] = [];

  constructor(
    readonly socket: WebSocket,
    readonly connection: ManagedConnection,
    readonly pipeline: ConnectionPipeline,
    /** How the identity was proved: the authenticator's kind, and where the credential stood. */
    readonly method: string,
  ) {}
}
