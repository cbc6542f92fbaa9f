import type { Duplex } from 'node:stream';
import type { HarEntry, HarMessage } from '../har/har-entry.js';
import { EntryRedactor } from '../har/redact-entry.js';
import { OPCODES, writeFrame } from '../probe/frames.js';
import type { TrafficDesk } from './desk/traffic-desk.js';
import { answeredFields } from './forwarded-fields.js';
import type { Direction } from './proxy-message.js';
import type { Recording } from './recording.js';
import { RelayDirection } from './relay-direction.js';

/** How long a side may take to end when the proxy ends, in milliseconds. */
const END_MS = 1000;

/** A handshake that went through, without its messages. */
export type ProxiedHandshake = Omit<HarEntry, 'messages'>;

/** Where a connection belongs. */
export interface ConnectionPlace {
  readonly number: number;
  readonly desk: TrafficDesk;
  readonly recording: Recording;
}

/** What a connection is made of. */
export interface ConnectionParts {
  readonly client: Duplex;
  readonly server: Duplex;
  /** What the client is told of extensions. */
  readonly extensions: string | undefined;
  readonly handshake: ProxiedHandshake;
}

/** A client and the target, both ways. */
export class ProxyConnection {
  /** Settles when both sides are gone. */
  readonly closed: Promise<void>;
  private isEnding = false;

  private constructor(private readonly sides: readonly [client: Duplex, server: Duplex]) {
    this.closed = Promise.all(
      sides.map((side) => new Promise<void>((resolve) => (side.destroyed ? resolve() : side.once('close', resolve)))),
    ).then(() => undefined);
  }

  /** Answers the client as the target has answered, and begins to pass on. */
  static open(
    { number, desk, recording }: ConnectionPlace,
    { client, server, extensions, handshake }: ConnectionParts,
  ): ProxyConnection {
    const connection = new ProxyConnection([client, server]);
    client.write(acceptance(handshake, extensions), 'latin1');
    const keep = recording.begin(handshake);
    const redactor = new EntryRedactor(handshake.url, handshake.request);
    let isClosed = false;
    const direction = (way: Direction): RelayDirection => {
      const [from, to] = way === 'to-server' ? [client, server] : [server, client];
      const record = (isBinary: boolean, data: Buffer): void => keep(harMessage(way, isBinary, data));
      return new RelayDirection({
        direction: way,
        from,
        to,
        isDeflated: extensions !== undefined,
        decide: (message, gone) => desk.decide({ ...message, connection: number }, gone),
        onSent: record,
        onCopy: (isBinary, data) => {
          record(isBinary, data);
          desk.logInjected({ connection: number, direction: way, isBinary, data });
        },
        onClose: (code) => {
          if (!isClosed) desk.note(number, `closed by the ${way === 'to-server' ? 'client' : 'server'} with ${code}`);
          isClosed = true;
        },
        onFailure: () => desk.note(number, 'a message could not be looked at, and goes through as it came'),
        onTooLarge: () => {
          isClosed = true;
          desk.note(number, 'closed by the proxy with 1009: a message is larger than 16 MiB');
          void connection.end(1009);
        },
      });
    };
    const ways = { 'to-server': direction('to-server'), 'to-client': direction('to-client') };
    const leave = desk.connect(number, {
      redact: (text, isCut) => (isCut ? redactor.beginning(text) : redactor.text(text)),
      inject: (way, isBinary, data, times) => ways[way].inject(isBinary, data, times),
    });
    void connection.closed.then(leave);
    desk.note(number, 'open');
    return connection;
  }

  /** Closes both sides with a code, and waits for theirs no longer than a second. */
  async end(code: number): Promise<void> {
    if (!this.isEnding) {
      this.isEnding = true;
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(code);
      for (const [index, side] of this.sides.entries()) {
        side.removeAllListeners('data');
        side.resume();
        if (!side.writable) side.destroy();
        else side.end(writeFrame({ opcode: OPCODES.close, payload, isMasked: index === 1 }));
      }
      const timer = setTimeout(() => this.sides.forEach((side) => side.destroy()), END_MS);
      void this.closed.then(() => clearTimeout(timer));
    }
    await this.closed;
  }
}

function acceptance({ response }: ProxiedHandshake, extensions: string | undefined): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    ...answeredFields(response).map(({ name, value }) => `${name}: ${value}`),
    ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function harMessage(direction: Direction, isBinary: boolean, data: Buffer): HarMessage {
  return {
    type: direction === 'to-server' ? 'send' : 'receive',
    time: Date.now() / 1000,
    opcode: isBinary ? 2 : 1,
    data: data.toString(isBinary ? 'base64' : 'utf8'),
  };
}
