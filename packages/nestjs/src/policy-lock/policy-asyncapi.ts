import { visibleText } from '../core/visible-text.js';
import { isRecord, type PlainValue } from './plain-value.js';
import { nameOf, type PolicyDocument, type PolicyEndpoint, type PolicyEvent } from './policy-document.js';
import { accessText, throttleText } from './policy-words.js';
import { SCHEMA_POINTER } from './schema/schema-catalogue.js';

type Fields = Record<string, PlainValue>;

/** The policy as an AsyncAPI 3.0 document, for everything that reads those (https://www.asyncapi.com/docs/reference/specification/v3.0.0). */
export function policyAsyncApi({ endpoints, schemas }: PolicyDocument): string {
  const channels: Fields = {};
  const operations: Fields = {};
  const messages: Fields = {};
  for (const endpoint of endpoints) {
    const channel = idOf(nameOf(endpoint));
    const channelMessages: Fields = {};
    for (const event of endpoint.events) {
      const id = [channel, ...[event.event, ...(event.subprotocols ?? [])].map(idOf)].join('.');
      messages[id] = messageOf(event);
      channelMessages[id] = { $ref: `#/components/messages/${id}` };
      operations[id] = operationOf(endpoint, event, channel, id);
      if (event.reply === undefined) continue;
      messages[replyIdOf(id)] = replyOf(event, event.reply);
      channelMessages[replyIdOf(id)] = { $ref: `#/components/messages/${replyIdOf(id)}` };
    }
    channels[channel] = {
      address: endpoint.path,
      title: nameOf(endpoint),
      description: descriptionOf(endpoint),
      messages: channelMessages,
      bindings: { ws: { method: 'GET' } },
    };
  }
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'WebSocket events',
      version: '1.0.0',
      description: 'Made by `secure-ws policy --asyncapi`. A message is JSON: {"event", "data", "id"}.',
    },
    defaultContentType: 'application/json',
    channels,
    operations,
    components: { messages, schemas: toComponents(schemas) },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function operationOf({ path }: PolicyEndpoint, event: PolicyEvent, channel: string, id: string): PlainValue {
  const rate = event.throttles.length === 0 ? '' : ` How often: ${event.throttles.map(throttleText).join(' and ')}.`;
  return {
    action: 'receive',
    channel: { $ref: `#/channels/${channel}` },
    title: visibleText(event.event),
    summary: visibleText(`Sent by clients of ${path}, handled by ${event.handler}.`),
    description: visibleText(`Who may call it: ${accessText(event.access)}.${rate}`),
    messages: [{ $ref: `#/channels/${channel}/messages/${id}` }],
    'x-access': event.access as unknown as PlainValue,
    ...(event.reply !== undefined && {
      reply: {
        channel: { $ref: `#/channels/${channel}` },
        messages: [{ $ref: `#/channels/${channel}/messages/${replyIdOf(id)}` }],
      },
    }),
  };
}

const MESSAGE_ID: PlainValue = {
  oneOf: [{ type: 'integer' }, { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' }],
};

function messageOf({ event, payload }: PolicyEvent): PlainValue {
  return {
    name: event,
    title: visibleText(event),
    contentType: 'application/json',
    payload: {
      type: 'object',
      properties: { event: { const: event }, ...(payload !== null && { data: toComponents(payload) }), id: MESSAGE_ID },
      required: payload === null ? ['event'] : ['event', 'data'],
      additionalProperties: false,
    },
  };
}

/** A handler may answer under another event than it was asked, and the last frame of a stream has an end in place of data. */
function replyOf({ event }: PolicyEvent, reply: PlainValue): PlainValue {
  return {
    name: event,
    title: visibleText(`Reply to ${event}`),
    contentType: 'application/json',
    payload: {
      type: 'object',
      properties: { event: { type: 'string' }, data: toComponents(reply), id: MESSAGE_ID, end: { const: true } },
      required: ['event'],
      additionalProperties: false,
    },
  };
}

/** No other message has it: {@link idOf} writes `_` as `_5f_`. */
function replyIdOf(id: string): string {
  return `${id}._reply`;
}

function descriptionOf({ origins, authenticators }: PolicyEndpoint): string {
  const list = (texts: readonly string[]): string => (texts.length === 0 ? 'none' : texts.join(', '));
  return visibleText(`Pages: ${list(origins)}. Identities: ${list(authenticators)}.`);
}

/** Has the pointers to schemas lead to where AsyncAPI keeps them. */
function toComponents(value: PlainValue): PlainValue {
  if (Array.isArray(value)) return (value as readonly PlainValue[]).map(toComponents);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]): [string, PlainValue] => {
      const isPointer = name === '$ref' && typeof item === 'string' && item.startsWith(SCHEMA_POINTER);
      return [name, isPointer ? `#/components/schemas/${item.slice(SCHEMA_POINTER.length)}` : toComponents(item)];
    }),
  );
}

/** A key of the document: AsyncAPI allows letters, digits, `.`, `-` and `_`. No two names have the same. */
function idOf(name: string): string {
  return name.replace(/[^A-Za-z0-9-]/g, (character) => `_${character.charCodeAt(0).toString(16)}_`);
}
