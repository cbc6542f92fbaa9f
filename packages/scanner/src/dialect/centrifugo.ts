import { type Dialect, fieldsOf, jsonObject, WITHOUT_OPENING } from './dialect.js';

type Fields = Readonly<Record<string, unknown>>;

/** No client counts up to it. */
const CONNECT_ID = 2_147_483_647;
/** Commands that are replied to, each with the field that says what it is about. */
const REQUESTS: ReadonlyMap<string, 'method' | 'channel'> = new Map([
  ['rpc', 'method'],
  ['publish', 'channel'],
  ['subscribe', 'channel'],
  ['presence', 'channel'],
  ['presence_stats', 'channel'],
  ['history', 'channel'],
]);

/** A command: its name, what it is about, and the field that says so. */
interface Request {
  readonly command: Fields;
  readonly kind: string;
  readonly field: 'method' | 'channel';
  readonly about: string;
}

/** Centrifugo 4 and later, and servers of the library centrifuge, in JSON (centrifugal.dev, client protocol). */
export const CENTRIFUGO: Dialect = {
  ...WITHOUT_OPENING,
  id: 'centrifugo',
  opening: (token) => [
    JSON.stringify({ id: CONNECT_ID, connect: { name: 'secure-ws-scan', ...(token !== undefined && { token }) } }),
  ],
  opened: (frames) => {
    const replies = frames.flatMap(objectsOf);
    // A server that sends back what comes has no client to name.
    if (replies.some(({ connect }) => typeof fieldsOf(connect)['client'] === 'string')) return 'taken';
    return replies.some(({ id, error }) => id === CONNECT_ID && isError(error)) ? 'refused' : 'unanswered';
  },
  isOwn: (message) =>
    requestOf(message) !== undefined ||
    objectsOf(message).some(({ id, connect }) => typeof id === 'number' && typeof connect === 'object'),
  message: (method, data) => JSON.stringify({ id: 1, rpc: { method, data } }),
  eventOf: (message) => {
    const request = requestOf(message);
    if (request === undefined) return undefined;
    return request.kind === 'rpc' ? request.about : `${request.kind} ${request.about}`;
  },
  renamed: (message, name) => changed(message, ({ field }) => ({ [field]: name })),
  dataOf: (message) => {
    const request = requestOf(message);
    return request === undefined ? undefined : fieldsOf(request.command[request.kind])['data'];
  },
  withData: (message, data) =>
    ['rpc', 'publish'].includes(requestOf(message)?.kind ?? '') ? changed(message, () => ({ data })) : undefined,
  prepared: (message) => changed(message, () => ({})),
  again: (message, count) => {
    const request = requestOf(message);
    return request === undefined ? message : JSON.stringify({ ...request.command, id: count + 2 });
  },
  isAnswer: (frame) => objectsOf(frame).some(isReply),
  isRefusal: (frame) => {
    const replies = objectsOf(frame).filter(isReply);
    return replies.length > 0 && replies.every((reply) => isError(reply['error']));
  },
  // An empty reply is a ping.
  reply: (frame) => (frame.trim() === '{}' ? '{}' : undefined),
};

const isReply = ({ id }: Fields): boolean => typeof id === 'number' && id !== 0 && id !== CONNECT_ID;

const isError = (value: unknown): boolean => typeof fieldsOf(value)['code'] === 'number';

/** Several commands or replies may stand in one frame, a line each. */
function objectsOf(frame: string): readonly Fields[] {
  return frame
    .split('\n')
    .map(jsonObject)
    .filter((object) => object !== undefined);
}

/** The first command of a frame that is replied to. */
function requestOf(message: string): Request | undefined {
  for (const command of objectsOf(message)) {
    if (typeof command['id'] !== 'number') continue;
    for (const [kind, field] of REQUESTS) {
      const about = fieldsOf(command[kind])[field];
      if (typeof about === 'string') return { command, kind, field, about };
    }
  }
  return undefined;
}

function changed(message: string, change: (request: Request) => Fields): string | undefined {
  const request = requestOf(message);
  if (request === undefined) return undefined;
  const { command, kind } = request;
  return JSON.stringify({ ...command, [kind]: { ...fieldsOf(command[kind]), ...change(request) } });
}
