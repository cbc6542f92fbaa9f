import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ClusterKey, DerivedKey } from '../store/cluster-key.js';

const CIPHER = 'aes-256-gcm';

/** Random: one key seals far fewer than the 2^32 messages that NIST SP 800-38D section 8.3 allows with it. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** `version.key.node.sequence.moment.kind.content` */
const MESSAGE = /^(1\.([\w-]{8})\.([\w-]{22})\.(\d{1,15})\.(\d{1,15})\.([a-z]{1,20}))\.([\w-]+)$/;

const NODE = /^([\w-]{22})\.([\w-]{43})$/;

/** What one node tells the others. */
export interface ControlMessage {
  /** Who says it: a random id for each process. */
  readonly node: string;
  /** Counts what the node has said. */
  readonly seq: number;
  /** When, in milliseconds since 1970, by the clock of the node. */
  readonly at: number;
  readonly kind: string;
  readonly body: unknown;
}

/**
 * Seals what nodes tell each other. A filter names users, who must not stand in the store in clear, and whoever writes to the store
 * must not command a node. AES-256-GCM with the header as associated data does both at once: encryption and an HMAC beside it
 * would be two keys, an order to get right and two ways to forget one of them. The header is legible, so that a receiver knows
 * which key to take, and cannot be changed: neither can a message be said again under another number, nor in another application.
 */
export class ControlSeal {
  readonly #keys: readonly DerivedKey[];
  readonly #nodeKeys: readonly DerivedKey[];

  constructor(
    key: ClusterKey,
    /** Of the line. */
    private readonly name: string,
  ) {
    this.#keys = key.deriveFor('control');
    this.#nodeKeys = key.deriveFor('node');
  }

  /** @returns the text of a message. */
  seal({ node, seq, at, kind, body }: ControlMessage): string {
    const { id, key } = this.#keys[0] as DerivedKey;
    const header = `1.${id}.${node}.${seq}.${at}.${kind}`;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, key, iv).setAAD(this.#associated(header));
    const encrypted = Buffer.concat([cipher.update(JSON.stringify(body), 'utf8'), cipher.final()]);
    return `${header}.${Buffer.concat([iv, cipher.getAuthTag(), encrypted]).toString('base64url')}`;
  }

  /** @returns `undefined` for what no node has sealed. Never throws: a store may hold anything. */
  open(text: string): ControlMessage | undefined {
    const [, header = '', id, node = '', seq, at, kind = '', content = ''] = MESSAGE.exec(text) ?? [];
    const bytes = Buffer.from(content, 'base64url');
    const key = this.#keys.find((each) => each.id === id)?.key;
    if (key === undefined || bytes.length < IV_BYTES + TAG_BYTES) return undefined;
    try {
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(this.#associated(header)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      const opened = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
      return { node, seq: Number(seq), at: Number(at), kind, body: JSON.parse(opened) as unknown };
    } catch {
      return undefined;
    }
  }

  /** The id of a node, as it stands in the list of those that live. */
  signNode(node: string): string {
    return `${node}.${this.#macOf(this.#nodeKeys[0] as DerivedKey, node).toString('base64url')}`;
  }

  /** @returns `undefined` for what is no node of this application. */
  readNode(text: string): string | undefined {
    const [, node, mac = ''] = NODE.exec(text) ?? [];
    const given = Buffer.from(mac, 'base64url');
    if (node === undefined) return undefined;
    return this.#nodeKeys.some((each) => timingSafeEqual(this.#macOf(each, node), given)) ? node : undefined;
  }

  #macOf({ key }: DerivedKey, node: string): Buffer {
    return createHmac('sha256', key).update(this.#associated(node)).digest();
  }

  #associated(text: string): Buffer {
    return Buffer.from(JSON.stringify([this.name, text]));
  }
}
