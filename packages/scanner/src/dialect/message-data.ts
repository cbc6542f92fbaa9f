import { type Dialect, jsonObject } from './dialect.js';

/** The fields that JSON dialects carry the data of a message in, the usual first. */
const DATA_FIELDS = ['data', 'payload', 'params', 'arguments'];

const SOCKET_IO_MESSAGE = /^(42(?:\/[^,]*,)?\d*)(\[.*)$/s;

/** The data of a captured message, and the same message with other data. */
export interface MessageData {
  readonly data: unknown;
  readonly with: (data: unknown) => string;
}

/** Finds the data of a message. @returns `undefined` for a message in which there is none. */
export function messageData({ id }: Dialect, message: string): MessageData | undefined {
  if (id === 'socket.io') {
    const [, head, list] = SOCKET_IO_MESSAGE.exec(message) ?? [];
    const values = list === undefined ? undefined : arrayOf(list);
    if (values === undefined || values.length < 2) return undefined;
    const [event, data, ...more] = values;
    return { data, with: (other) => `${head}${JSON.stringify([event, other, ...more])}` };
  }
  const object = jsonObject(message);
  if (object === undefined) return undefined;
  if (id === 'graphql-ws') {
    const payload = object['payload'] as { readonly variables?: unknown } | null | undefined;
    if (payload?.variables === undefined) return undefined;
    const withVariables = (variables: unknown): string =>
      JSON.stringify({ ...object, payload: { ...payload, variables } });
    return { data: payload.variables, with: withVariables };
  }
  const field = DATA_FIELDS.find((name) => name in object);
  if (field === undefined) return undefined;
  return { data: object[field], with: (other) => JSON.stringify({ ...object, [field]: other }) };
}

function arrayOf(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
