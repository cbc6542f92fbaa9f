import { fieldsOf } from '../discovery/endpoints-of-async-api.js';
import { sentMessages, type SentChannel, type SentMessage } from './sent-messages.js';

/** The format that every version of Postman imports, and the tools around it. */
const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

/**
 * A Postman collection (version 2.1.0) of what clients send: a folder for each channel, in it a request for each message, whose
 * body is an example. The format has no WebSockets: a person opens one in Postman, and takes address and message from here.
 *
 * @param server such as `wss://api.example.com`: the variable `url`.
 */
export function postmanCollection(document: Readonly<Record<string, unknown>>, server: string): object {
  const { title = 'WebSocket messages', description } = fieldsOf(document['info']);
  return {
    info: {
      name: String(title),
      ...(typeof description === 'string' && { description }),
      schema: SCHEMA,
    },
    item: sentMessages(document).map(folderOf),
    variable: [
      { key: 'url', value: server, type: 'string' },
      { key: 'token', value: '', type: 'string' },
      { key: 'origin', value: 'https://app.example.com', type: 'string' },
    ],
  };
}

function folderOf({ name, path, description, messages }: SentChannel): object {
  return { name, description, item: messages.map((message) => itemOf(path, message)) };
}

function itemOf(path: string, { name, description, example }: SentMessage): object {
  const segments = path.split('/').filter((segment) => segment !== '');
  return {
    name,
    request: {
      method: 'GET',
      description,
      header: [
        { key: 'Authorization', value: 'Bearer {{token}}' },
        { key: 'Origin', value: '{{origin}}' },
      ],
      url: { raw: `{{url}}${path}`, host: ['{{url}}'], path: segments },
      body: {
        mode: 'raw',
        raw: typeof example === 'string' ? example : JSON.stringify(example, undefined, 2),
        options: { raw: { language: 'json' } },
      },
    },
    response: [],
  };
}
