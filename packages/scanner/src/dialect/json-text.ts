import { type Dialect, jsonObject, WITHOUT_OPENING } from './dialect.js';
import { isRefusalObject, isRefusalText } from './refusal.js';

/** The fields that JSON dialects name an event with, the usual first. */
const EVENT_FIELDS: readonly string[] = ['event', 'type', 'action', 'method'];
/** And those that hold what it is about. */
const DATA_FIELDS: readonly string[] = ['data', 'payload', 'params'];

type Common = Omit<Dialect, 'id' | 'message' | 'isOwn'>;

const COMMON: Common = {
  ...WITHOUT_OPENING,
  eventOf: (message) => {
    const object = jsonObject(message) ?? {};
    const field = eventField(object);
    return field === undefined ? undefined : (object[field] as string);
  },
  renamed: (message, name) => {
    const object = jsonObject(message) ?? {};
    const field = eventField(object);
    return field === undefined ? undefined : JSON.stringify({ ...object, [field]: name });
  },
  dataOf: (message) => {
    const object = jsonObject(message) ?? {};
    return object[DATA_FIELDS.find((key) => key in object) ?? ''];
  },
  withData: (message, data) => {
    const object = jsonObject(message) ?? {};
    const field = DATA_FIELDS.find((key) => key in object);
    return field === undefined ? undefined : JSON.stringify({ ...object, [field]: data });
  },
  isRefusal: (frame) => {
    const object = jsonObject(frame);
    return object === undefined ? isRefusalText(frame) : isRefusalObject(object);
  },
  isAnswer: () => true,
};

/** `{ "event": ..., "data": ... }`, as the `ws` adapter of Nest and SecureWs read it. */
export const NEST_WS: Dialect = {
  ...COMMON,
  id: 'nest-ws',
  isOwn: (message) => typeof jsonObject(message)?.['event'] === 'string',
  message: (event, data) => JSON.stringify({ event, data, id: 1 }),
};

/** Any JSON: the names of its fields are guessed. */
export const JSON_TEXT: Dialect = {
  ...COMMON,
  id: 'json',
  // Any other may be written in JSON as well: it tells nothing.
  isOwn: () => false,
  message: (event, data) => JSON.stringify({ type: event, event, data }),
};

/** Whether a frame is the error of a server that reads `{ "event": ... }`. */
export function isNestError(frame: string): boolean {
  return ['error', 'exception'].includes(String(jsonObject(frame)?.['event']));
}

function eventField(object: Readonly<Record<string, unknown>>): string | undefined {
  return EVENT_FIELDS.find((key) => typeof object[key] === 'string');
}
