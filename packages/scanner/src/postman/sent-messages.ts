import { fieldsOf } from '../discovery/endpoints-of-async-api.js';
import { exampleOf, resolve } from './example-of.js';

type Fields = Readonly<Record<string, unknown>>;

/** A message that clients send, with an example. */
export interface SentMessage {
  readonly name: string;
  readonly description: string;
  readonly example: unknown;
}

/** A channel of a document, with what clients send on it. */
export interface SentChannel {
  readonly name: string;
  /** Begins with a slash. */
  readonly path: string;
  readonly description: string;
  readonly messages: readonly SentMessage[];
}

/** What clients send, by the channels of an AsyncAPI document of version 2 or 3. */
export function sentMessages(document: Fields): readonly SentChannel[] {
  const isThird = String(document['asyncapi']).startsWith('3.');
  return Object.entries(fieldsOf(document['channels'])).map(([id, given]) => {
    const channel = fieldsOf(resolve(given, document));
    const { address = id, title = id, description = '' } = channel;
    const messages = isThird ? ofThird(id, channel, document) : ofSecond(channel, document);
    return {
      name: String(title),
      path: `/${String(address).replace(/^\//, '')}`,
      description: String(description),
      messages: messages.map(([name, message, says]) => messageOf(name, fieldsOf(message), says, document)),
    };
  });
}

type Found = readonly [name: string, message: unknown, says: unknown];

/** In version 3 the server says what it does: it receives what clients send. */
function ofThird(id: string, channel: Fields, document: Fields): readonly Found[] {
  const operations = Object.values(fieldsOf(document['operations']))
    .map((operation) => fieldsOf(resolve(operation, document)))
    .filter(
      (operation) =>
        fieldsOf(operation['channel'])['$ref'] === `#/channels/${id.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    );
  const received = operations.filter(({ action }) => action === 'receive');
  // Without operations, and for those that name none, every message of the channel may be sent.
  const all = Object.entries(fieldsOf(channel['messages'])).map(([name, one]): Found => [
    name,
    resolve(one, document),
    '',
  ]);
  if (operations.length === 0) return all;
  return received.flatMap(({ messages, description, summary }) =>
    Array.isArray(messages)
      ? (messages as readonly unknown[]).map((one): Found => [
          'message',
          resolve(one, document),
          description ?? summary,
        ])
      : all,
  );
}

/** In version 2 the document says what clients do: they publish. */
function ofSecond(channel: Fields, document: Fields): readonly Found[] {
  const { message, description, summary } = fieldsOf(channel['publish']);
  const resolved = resolve(message, document);
  const { oneOf } = fieldsOf(resolved);
  const list = Array.isArray(oneOf) ? (oneOf as readonly unknown[]) : resolved === undefined ? [] : [resolved];
  return list.map((one): Found => ['message', resolve(one, document), description ?? summary]);
}

function messageOf(id: string, message: Fields, says: unknown, document: Fields): SentMessage {
  const { name = id, title, description, payload, examples } = message;
  const [first] = Array.isArray(examples) ? (examples as readonly unknown[]) : [];
  const { payload: given } = fieldsOf(first);
  const texts = [title, description, says].filter((text) => typeof text === 'string' && text !== '' && text !== name);
  return { name: String(name), description: texts.join('\n\n'), example: given ?? exampleOf(payload, document) };
}
