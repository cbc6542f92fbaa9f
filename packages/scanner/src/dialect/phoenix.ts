import { type Dialect, fieldsOf, jsonObject, jsonValue, WITHOUT_OPENING } from './dialect.js';

/** A message of a channel. */
interface ChannelMessage {
  readonly ref: string | undefined;
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
}

const MAX_TOPICS = 10;
const HEARTBEAT_REF = 'scan-heartbeat';
const JOIN_REF = 'scan-join-';
/** Fields of a captured join that say who joined: the scan says that by itself. */
const SECRET_NAME = /token|auth|passw|secret|key|cookie|jwt|session/i;

/**
 * Phoenix channels, with the topics that captured messages are for: each has to be joined before it takes any.
 *
 * @param isArray whether messages are arrays, as serializer 2.0.0 (`?vsn=2.0.0`) has them, and not objects as 1.0.0 has.
 */
export function phoenixFor(messages: readonly string[], isArray: boolean): Dialect {
  const joins = new Map<string, unknown>();
  for (const { topic, event, payload } of messages.flatMap((message) => read(message) ?? [])) {
    if (topic === 'phoenix' || (!joins.has(topic) && joins.size >= MAX_TOPICS)) continue;
    if (event === 'phx_join' || !joins.has(topic)) joins.set(topic, event === 'phx_join' ? payload : {});
  }
  const topics = [...joins.keys()];
  const refOf = (topic: string): string => `${JOIN_REF}${topics.indexOf(topic)}`;
  const write = ({ ref, topic, event, payload }: ChannelMessage): string =>
    JSON.stringify(
      isArray
        ? [joins.has(topic) ? refOf(topic) : null, ref ?? null, topic, event, payload]
        : { topic, event, payload, ref: ref ?? null },
    );
  const join = (topic: string, token: string | undefined): string => {
    const kept = Object.entries(fieldsOf(joins.get(topic))).filter(([name]) => !SECRET_NAME.test(name));
    const payload = { ...Object.fromEntries(kept), ...(token !== undefined && { token }) };
    return write({ ref: refOf(topic), topic, event: 'phx_join', payload });
  };
  const heartbeat = write({ ref: HEARTBEAT_REF, topic: 'phoenix', event: 'heartbeat', payload: {} });
  const changed = (message: string, change: Partial<ChannelMessage>): string | undefined => {
    const old = read(message);
    return old === undefined ? undefined : write({ ...old, ...change });
  };
  return {
    ...WITHOUT_OPENING,
    id: 'phoenix',
    opening: (token) => (topics.length === 0 ? [heartbeat] : topics.map((topic) => join(topic, token))),
    opened: (frames) => {
      const replies = frames.flatMap((frame) => read(frame) ?? []).filter(isOwnReply);
      if (replies.some((reply) => statusOf(reply) === 'ok')) return 'taken';
      return replies.some((reply) => statusOf(reply) === 'error') ? 'refused' : 'unanswered';
    },
    isOwn: (message) => read(message) !== undefined,
    message: (event, payload) => write({ ref: 'scan', topic: topics[0] ?? 'secure-ws-scan:none', event, payload }),
    eventOf: (message) => read(message)?.event,
    renamed: (message, event) => changed(message, { event }),
    dataOf: (message) => read(message)?.payload,
    withData: (message, payload) => changed(message, { payload }),
    prepared: (message) => {
      const { ref = 'scan', topic, event } = read(message) ?? {};
      return topic === 'phoenix' || event === undefined || event.startsWith('phx_')
        ? undefined
        : changed(message, { ref });
    },
    again: (message, count) => changed(message, { ref: `again-${count}` }) ?? message,
    isAnswer: (frame) => {
      const message = read(frame);
      return message !== undefined && !isOwnReply(message) && !message.event.startsWith('presence_');
    },
    isRefusal: (frame) => {
      const message = read(frame);
      if (message === undefined) return false;
      return ['phx_error', 'phx_close'].includes(message.event) || statusOf(message) === 'error';
    },
    // A message that no clause of the channel fits ends it, and not the connection.
    reply: (frame, token) => {
      const { event, topic = '' } = read(frame) ?? {};
      return event === 'phx_error' && joins.has(topic) ? join(topic, token) : undefined;
    },
    heartbeat,
  };
}

/** How a captured message is written; `undefined` for one that is not of Phoenix. */
export function phoenixFormOf(message: string): 'array' | 'object' | undefined {
  if (read(message) === undefined) return undefined;
  return message.trimStart().startsWith('[') ? 'array' : 'object';
}

function read(text: string): ChannelMessage | undefined {
  const value = jsonValue(text);
  const object = jsonObject(text) ?? {};
  const isWhole = 'payload' in object && 'ref' in object;
  const parts: readonly unknown[] = Array.isArray(value)
    ? value.slice(1)
    : [object['ref'], object['topic'], object['event'], object['payload']];
  if (Array.isArray(value) ? value.length !== 5 : !isWhole) return undefined;
  const [ref, topic, event, payload] = parts;
  if (typeof topic !== 'string' || typeof event !== 'string') return undefined;
  return { ref: typeof ref === 'string' ? ref : undefined, topic, event, payload };
}

/** Whether it answers what the scan says by itself. */
function isOwnReply({ ref = '', event }: ChannelMessage): boolean {
  return event === 'phx_reply' && (ref === HEARTBEAT_REF || ref.startsWith(JOIN_REF));
}

function statusOf({ event, payload }: ChannelMessage): unknown {
  return event === 'phx_reply' ? fieldsOf(payload)['status'] : undefined;
}
