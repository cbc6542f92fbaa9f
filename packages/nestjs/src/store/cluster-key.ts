import { createSecretKey, hkdfSync, KeyObject } from 'node:crypto';
import { isPlaceholderSecret } from '../core/placeholder-secret.js';

/** As many bytes as SHA-256 and AES-256 are strong. */
const MIN_BYTES = 32;

/** While one is changed there are two. */
const MAX_KEYS = 5;

const BASE64 = /^[\w+/-]+={0,2}$/;

/** One key of a cluster: 32 random bytes or more, as they are or as text in base64url or base64. */
export type ClusterKeyMaterial = string | Uint8Array | KeyObject;

/** A key that one use has for itself. */
export interface DerivedKey {
  /** Names it, and tells nothing of it. */
  readonly id: string;
  readonly key: KeyObject;
}

/**
 * What the nodes of an application know, and whoever can write to their store does not. The first key signs, and all of them
 * verify, so that one can be changed without a gap.
 */
export class ClusterKey {
  readonly #keys: readonly KeyObject[];

  private constructor(keys: readonly KeyObject[]) {
    this.#keys = keys;
  }

  /**
   * Reads the option of a store.
   *
   * @param material one key, or a list of up to five.
   * @param place where it is written, such as `secureWsRedis()`.
   * @throws Error where it is missing, too short or a placeholder; it says how to make one.
   */
  static read(material: unknown, place: string): ClusterKey {
    const list: readonly unknown[] = Array.isArray(material) ? material : [material];
    const fail = (problem: string): never => {
      throw new Error(
        `The clusterKey of ${place} ${problem} It is the same on all nodes and nowhere else: make it with ` +
          'openssl rand -base64 32, and pass it as clusterKey: process.env.CLUSTER_KEY.',
      );
    };
    if (list.length === 0 || list.length > MAX_KEYS) fail(`must be one key, or a list of up to ${MAX_KEYS}.`);
    return new ClusterKey(
      list.map((each) => {
        if (each === undefined || each === '')
          return fail('is missing: whoever can write to the store could act as a node.');
        const bytes = bytesOf(each);
        if (bytes === undefined)
          return fail('must be text in base64url or base64, a Buffer or a KeyObject of a secret key.');
        if (bytes.length < MIN_BYTES)
          return fail(`is too short: it has ${bytes.length} bytes, and needs ${MIN_BYTES}.`);
        const texts = typeof each === 'string' ? [Buffer.from(each)] : [];
        if ([bytes, ...texts].some(isPlaceholderSecret)) return fail('is a placeholder or easy to guess.');
        // A KeyObject does not show its bytes when the options are logged.
        return createSecretKey(bytes);
      }),
    );
  }

  /** The keys for one use, in their order: what is made for one use is worth nothing for another (RFC 5869 section 3.2). */
  deriveFor(use: string): readonly DerivedKey[] {
    return this.#keys.map((key) => {
      const derive = (info: string, bytes: number): Buffer =>
        Buffer.from(hkdfSync('sha256', key, '', `secure-ws ${use} v1 ${info}`, bytes));
      return { id: derive('id', 6).toString('base64url'), key: createSecretKey(derive('key', MIN_BYTES)) };
    });
  }
}

function bytesOf(material: unknown): Buffer | undefined {
  if (material instanceof KeyObject) return material.type === 'secret' ? material.export() : undefined;
  if (material instanceof Uint8Array) return Buffer.from(material);
  // Node leaves out what is not base64: a key that lost a letter would be another one.
  return typeof material === 'string' && BASE64.test(material) ? Buffer.from(material, 'base64url') : undefined;
}
