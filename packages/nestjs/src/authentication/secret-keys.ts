import { KeyObject } from 'node:crypto';
import type { OptionReader } from '../core/option-reader.js';
import { type JwtKeyMaterial, readHmacSecret } from './jwt/jwt-key.js';

/**
 * A secret of at least 32 random bytes, or a list of them: to change it, list the new one before the old one. `undefined` is
 * what a variable of the environment that is not set gives; it stops the boot.
 */
export type SecretMaterial = JwtKeyMaterial | undefined | readonly (JwtKeyMaterial | undefined)[];

/**
 * Reads a secret of at least 32 random bytes, or a list of them: the first makes, and all of them check, so that one can be
 * changed without a gap.
 *
 * @param variable the environment variable that a fix names.
 * @returns `undefined` where there is none; an empty list where one cannot be used, which the reader is told.
 */
export function readSecretKeys(reader: OptionReader, name: string, variable: string): readonly KeyObject[] | undefined {
  const material = reader.raw(name);
  const list: readonly unknown[] = Array.isArray(material) ? material : [material];
  if (material === undefined || list.length === 0) return undefined;
  const keys: KeyObject[] = [];
  for (const [index, item] of list.entries()) {
    const key = readHmacSecret(item, undefined);
    if (key instanceof KeyObject) keys.push(key);
    else {
      const where = list === material ? `${name}[${index}]` : name;
      reader.fail(where, key.problem, `${reader.pathOf(where)}: process.env.${variable} // openssl rand -base64 32`);
    }
  }
  return Object.freeze(keys.length === list.length ? keys : []);
}
