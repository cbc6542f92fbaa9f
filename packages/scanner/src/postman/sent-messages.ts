import { fieldsOf } from '../discovery/endpoints-of-async-api.js';
import { ExampleBudget } from './example-budget.js';
import { exampleOf, type ExamplePlace, resolve } from './example-of.js';

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

/** Over all channels. */
const MAX_MESSAGES = 5000;

/**
 * What clients send, by the channels of an AsyncAPI document of version 2 or 3.
 *
 * @throws TypeError for more messages than a collection can be looked through with.
 */
export function sentMessages(document: Fields): readonly SentChannel[] {
  const place = { document, budget: new ExampleBudget() };
  let count = 0;
  const isThird = String(document['asyncapi']).startsWith('3.');
  return Object.entries(fieldsOf(document['channels'])).map(([id, given]) => {
    const channel = fieldsOf(resolve(given, document));
    const { address = id, title = id, description = '' } = channel;
    const messages = isThird ? ofThird(id, channel, document) : ofSecond(channel, document);
    count += messages.length;
    if (count > MAX_MESSAGES) throw new TypeError(`it has more than ${MAX_MESSAGES} messages.`);
    return {
      name: String(title),
      path: `/${String(address).replace(/^\//, '')}`,
      description: String(description),
      messages: messages.map(([name, message, says]) => messageOf(name, fieldsOf(message), says, place)),
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
  if (operations.length === 0 || received.some(({ messages }) => !Array.isArray(messages))) return all;
  return received.flatMap(({ messages, description, summary }) =>
    (messages as readonly unknown[]).map((one): Found => ['message', resolve(one, document), description ?? summary]),
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

function messageOf(id: string, message: Fields, says: unknown, place: ExamplePlace): SentMessage {
  place.budget.next();
  const { name = id, title, description, payload, examples } = message;
  const [first] = Array.isArray(examples) ? (examples as readonly unknown[]) : [];
  const { payload: given } = fieldsOf(first);
  const example = given === undefined ? exampleOf(payload, place) : place.budget.take(given) ? given : null;
  const texts = [title, description, says].filter((text) => typeof text === 'string' && text !== '' && text !== name);
  return { name: String(name), description: texts.join('\n\n'), example };
}
