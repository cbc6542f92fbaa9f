import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';

/** What `ws` does with bytes that a socket has read; called with the socket as `this`. */
export type Receive = (this: Duplex, chunk: Buffer) => void;

/**
 * Puts a function between a socket and the `ws` client that was just made for it. What is not handed to the receiver that
 * comes back is never parsed: nothing in the interface of `ws` can hold back, count or refuse single frames.
 *
 * Relies on one thing that `ws` does not promise: it takes its bytes through a `data` listener, added with the upgrade. See
 * {@link canTakeDataPath}.
 *
 * @returns `undefined` where there is no such listener.
 */
export function takeDataPath(socket: Duplex, onData: (chunk: Buffer) => void): Receive | undefined {
  const receive = socket.listeners('data').at(-1) as Receive | undefined;
  if (receive === undefined) return undefined;
  socket.off('data', receive);
  socket.on('data', onData);
  return receive;
}

/**
 * Tries {@link takeDataPath} out on the installed `ws`. The boot fails where it does not work: floods and unfinished
 * messages would have no limit, in silence.
 */
export function canTakeDataPath(): boolean {
  const socket = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => done(),
  });
  const headers = {
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-version': '13',
  };
  const request = { method: 'GET', headers, url: '/' } as unknown as IncomingMessage;
  // One masked text frame: 'a' under a mask of zeros.
  const frame = Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x61]);
  const taken: Buffer[] = [];
  let messages = 0;
  let receive: Receive | undefined;
  new WebSocketServer({ noServer: true, clientTracking: false }).handleUpgrade(
    request,
    socket,
    Buffer.alloc(0),
    (client) => {
      client.on('message', () => messages++);
      receive = takeDataPath(socket, (chunk) => taken.push(chunk));
    },
  );
  socket.emit('data', frame);
  const isHeldBack = taken[0] === frame && messages === 0;
  receive?.call(socket, frame);
  socket.destroy();
  return isHeldBack && messages === 1;
}
