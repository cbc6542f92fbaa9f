import type { PayloadReader } from './payload-run.js';

/** The reader of a primitive type, which converts nothing; `undefined` for everything else. */
export function primitiveReader(type: unknown): PayloadReader | undefined {
  if (type === String) return primitive('isString', (value) => typeof value === 'string');
  // NaN and Infinity are numbers that no comparison of a handler expects.
  if (type === Number) return primitive('isNumber', (value) => Number.isFinite(value));
  if (type === Boolean) return primitive('isBoolean', (value) => typeof value === 'boolean');
  return undefined;
}

function primitive(rule: string, test: (value: unknown) => boolean): PayloadReader {
  return {
    read(sent, run, path) {
      if (!test(sent)) run.fail(path, undefined, rule);
      return sent;
    },
  };
}
