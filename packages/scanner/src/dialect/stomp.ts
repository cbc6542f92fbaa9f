import { type Dialect, jsonValue, WITHOUT_OPENING } from './dialect.js';

/** A frame of STOMP 1.2 (stomp.github.io). */
interface StompFrame {
  readonly command: string;
  /** As they stand on the wire, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const ANSWERS = ['MESSAGE', 'RECEIPT', 'ERROR'];
/** What a client asks for something with. */
const REQUESTS = ['SEND', 'SUBSCRIBE'];

/** STOMP 1.0 to 1.2. */
export const STOMP: Dialect = {
  ...WITHOUT_OPENING,
  id: 'stomp',
  subprotocols: ['v12.stomp', 'v11.stomp', 'v10.stomp'],
  opening: (token) => [
    write({
      command: 'CONNECT',
      headers: [
        ['accept-version', '1.0,1.1,1.2'],
        ['host', '/'],
        // No heartbeats, from neither side.
        ['heart-beat', '0,0'],
        ...(token === undefined ? [] : [['Authorization', `Bearer ${token}`] as const, ['passcode', token] as const]),
      ],
      body: '',
    }),
  ],
  opened: (frames) => {
    const commands = frames.map((frame) => read(frame)?.command);
    return commands.includes('CONNECTED') ? 'taken' : commands.includes('ERROR') ? 'refused' : 'unanswered';
  },
  isOwn: (message) => {
    const frame = read(message);
    return frame !== undefined && (frame.headers.length > 0 || message.includes('\0'));
  },
  // `/app/` is what Spring hands to the application; a broker that knows no such prefix refuses it, and makes no queue.
  message: (event, data) =>
    write({
      command: 'SEND',
      headers: [
        ['destination', event.startsWith('/') ? event : `/app/${event}`],
        ['content-type', 'application/json'],
        ['receipt', 'scan'],
      ],
      body: JSON.stringify(data),
    }),
  eventOf: (message) => headerOf(read(message), 'destination'),
  renamed: (message, name) => changed(message, 'destination', name.startsWith('/') ? name : `/app/${name}`),
  dataOf: (message) => {
    const frame = read(message);
    return frame?.command === 'SEND' ? jsonValue(frame.body) : undefined;
  },
  withData: (message, data) => {
    const frame = read(message);
    if (frame?.command !== 'SEND') return undefined;
    const headers = frame.headers.filter(([name]) => name !== 'content-length');
    return write({ ...frame, headers, body: JSON.stringify(data) });
  },
  // One with a receipt is answered, whatever comes of it.
  prepared: (message) => {
    const frame = read(message);
    if (frame === undefined || !REQUESTS.includes(frame.command)) return undefined;
    return changed(message, 'receipt', headerOf(frame, 'receipt') ?? 'scan');
  },
  // Two subscriptions of one id are an error.
  again: (message, count) =>
    (read(message)?.command === 'SUBSCRIBE' ? changed(message, 'id', `again-${count}`) : undefined) ?? message,
  isAnswer: (frame) => ANSWERS.includes(read(frame)?.command ?? ''),
  isRefusal: (frame) => read(frame)?.command === 'ERROR',
};

function read(text: string): StompFrame | undefined {
  const [, command, head = '', body = ''] =
    /^(CONNECT|STOMP|CONNECTED|SEND|SUBSCRIBE|UNSUBSCRIBE|ACK|NACK|BEGIN|COMMIT|ABORT|DISCONNECT|MESSAGE|RECEIPT|ERROR)\r?\n((?:[^\r\n]+\r?\n)*)\r?\n([^\0]*)/.exec(
      text,
    ) ?? [];
  if (command === undefined) return undefined;
  const headers = head.split(/\r?\n/).flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
  });
  return { command, headers, body };
}

function write({ command, headers, body }: StompFrame): string {
  return `${[command, ...headers.map(([name, value]) => `${name}:${value}`)].join('\n')}\n\n${body}\0`;
}

function headerOf(frame: StompFrame | undefined, name: string): string | undefined {
  return frame?.headers.find(([each]) => each === name)?.[1];
}

/** A frame with another value of a header. */
function changed(message: string, name: string, value: string): string | undefined {
  const frame = read(message);
  if (frame === undefined) return undefined;
  const others = frame.headers.filter(([each]) => each !== name);
  return write({ ...frame, headers: [...others, [name, value]] });
}
