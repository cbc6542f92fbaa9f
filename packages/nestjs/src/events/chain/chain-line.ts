import { createHash, type KeyObject, sign, verify } from 'node:crypto';

/**
 * How a record of the audit trail is written: the JSON of the event, whose last members are its place in the chain, for
 * some records a signature, and its hash.
 *
 *     {"type":"...", ..., "chain":{"id":"...","seq":7,"prev":"..."},"signature":"...","hash":"..."}
 *
 * The hash is the SHA-256 of the bytes in front of `,"hash":`, and the signature is over those in front of `,"signature":`:
 * bytes, so that no two readers of JSON can see different records under one hash. Both are base64url.
 */
export interface ChainPlace {
  /** The chain: one for each start of a process. 16 random bytes. */
  readonly id: string;
  /** Which record of the chain it is, from 0. */
  readonly seq: number;
  /** The hash of the record before it; {@link NO_HASH} for the first one. */
  readonly prev: string;
}

/** A record that was taken apart. Nothing is verified yet but the hash. */
export interface ChainRecord extends ChainPlace {
  readonly hash: string;
  /** What the line itself says when it is hashed. */
  readonly isIntact: boolean;
  /** The bytes that are signed, and the signature. */
  readonly signed: { readonly bytes: Buffer; readonly signature: Buffer } | undefined;
}

/** What stands for the hash of a record that there is not. */
export const NO_HASH = '0'.repeat(43);

/** Signatures are over this and the bytes, so that one of them can never stand for something else that the key signs. */
const SIGNED_AS = Buffer.from('secure-ws audit v1\n');

const HASH = /^,"hash":"([\w-]{43})"\}$/;
const HASH_BYTES = 54;
const SIGNATURE = /^,"signature":"([\w-]{86})"$/;
const SIGNATURE_BYTES = 101;
const PLACE = /,"chain":\{"id":"([\w-]{22})","seq":(0|[1-9]\d{0,15}),"prev":"([\w-]{43})"\}$/;
const PLACE_BYTES = 160;

/** What a record is written with. */
export interface WrittenLine {
  readonly line: string;
  readonly hash: string;
}

/**
 * Writes a record.
 *
 * @param json an object of JSON on one line, with at least one member.
 * @param key signs it, where it is to be signed.
 */
export function writeChainLine(json: string, { id, seq, prev }: ChainPlace, key?: KeyObject): WrittenLine {
  let body = `${json.slice(0, -1)},"chain":{"id":"${id}","seq":${seq},"prev":"${prev}"}`;
  if (key !== undefined) {
    const signature = sign(null, Buffer.concat([SIGNED_AS, Buffer.from(body)]), key);
    body += `,"signature":"${signature.toString('base64url')}"`;
  }
  const hash = createHash('sha256').update(body).digest('base64url');
  return { line: `${body},"hash":"${hash}"}`, hash };
}

/** Takes a line apart; `undefined` for one that is not a record of a chain. */
export function readChainLine(line: Buffer): ChainRecord | undefined {
  const hash = HASH.exec(tail(line, HASH_BYTES))?.[1];
  if (hash === undefined) return undefined;
  const body = line.subarray(0, -HASH_BYTES);
  const signature = SIGNATURE.exec(tail(body, SIGNATURE_BYTES))?.[1];
  const bytes = signature === undefined ? body : body.subarray(0, -SIGNATURE_BYTES);
  const [, id = '', seq = '', prev = ''] = PLACE.exec(tail(bytes, PLACE_BYTES)) ?? [];
  if (id === '') return undefined;
  return {
    ...{ id, prev, hash, seq: Number(seq) },
    isIntact: createHash('sha256').update(body).digest('base64url') === hash,
    signed: signature === undefined ? undefined : { bytes, signature: Buffer.from(signature, 'base64url') },
  };
}

/** Which one of some keys has signed a record; `-1` for none. Never throws. */
export function signerOf({ signed }: ChainRecord, keys: readonly KeyObject[]): number {
  if (signed === undefined) return -1;
  const bytes = Buffer.concat([SIGNED_AS, signed.bytes]);
  return keys.findIndex((key) => verify(null, bytes, key, signed.signature));
}

function tail(bytes: Buffer, count: number): string {
  return bytes.subarray(Math.max(0, bytes.length - count)).toString('latin1');
}
