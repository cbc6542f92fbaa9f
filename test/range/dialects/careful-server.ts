import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { depthOf } from '../range-notes.js';
import { watch } from '../range-server.js';

const MAX_DEPTH = 32;
/** What is longer, whatever the server takes, is not looked at: counting its brackets would hold everybody up. */
const MAX_LENGTH = 65_536;

/** A server of `ws` that keeps to what no dialect needs: fragments, compression, binary frames, depth, dead connections. */
export class CarefulServer extends WebSocketServer {
  constructor(options: ServerOptions) {
    super({ ...options, maxFragments: 64, perMessageDeflate: false });
  }

  override handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    done: (client: WebSocket, request: IncomingMessage) => void,
  ): void {
    super.handleUpgrade(request, socket, head, (client) => {
      guard(client);
      watch(client, 5);
      done(client, request);
    });
  }
}

/** Libraries listen by themselves: what they must not see is not told to them. */
function guard(client: WebSocket): void {
  const emit = client.emit.bind(client) as (name: string | symbol, ...args: unknown[]) => boolean;
  client.emit = (name: string | symbol, ...args: unknown[]): boolean => {
    if (name !== 'message') return emit(name, ...args);
    const [data, isBinary] = args as [Buffer, boolean];
    if (!isBinary && (data.length > MAX_LENGTH || depthOf(data.toString()) <= MAX_DEPTH)) return emit(name, ...args);
    client.close(isBinary ? 1003 : 1008);
    return true;
  };
}
