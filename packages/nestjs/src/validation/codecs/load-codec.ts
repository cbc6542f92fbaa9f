import { missingPackage } from '../../core/boot-problems.js';
import type { CodecName, WireCodec } from '../../core/wire-format.js';
import { CborScan } from './cbor-scan.js';
import { MsgpackScan } from './msgpack-scan.js';
import { ScannedCodec } from './scanned-codec.js';

/**
 * Loads the library of a codec, an optional peer: only applications that offer it have to install it.
 *
 * @param where the option that needs it.
 * @throws {SecureWsBootError} when it is not installed.
 */
export async function loadCodec(name: CodecName, where: string): Promise<WireCodec> {
  return name === 'msgpack' ? loadMsgpack(where) : loadCbor(where);
}

async function loadMsgpack(where: string): Promise<WireCodec> {
  const { Decoder, encode } = await load(() => import('@msgpack/msgpack'), where, '@msgpack/msgpack', 3);
  // Its cache of keys would keep what clients call their members, for all connections.
  const decoder = new Decoder({ keyDecoder: null });
  return new ScannedCodec({
    scan: (...of) => new MsgpackScan(...of),
    decode: (frame) => decoder.decode(frame),
    encode: (value) => encode(value, { maxDepth: Infinity }),
  });
}

async function loadCbor(where: string): Promise<WireCodec> {
  const { decode, encode } = await load(() => import('cborg'), where, 'cborg', 6);
  const options = {
    strict: true,
    allowIndefinite: false,
    allowUndefined: false,
    allowInfinity: false,
    allowNaN: false,
    allowBigInt: false,
    rejectDuplicateMapKeys: true,
  };
  return new ScannedCodec({
    scan: (...of) => new CborScan(...of),
    decode: (frame) => decode(frame, options) as unknown,
    encode: (value) => encode(value),
  });
}

async function load<Library>(
  from: () => Promise<Library>,
  where: string,
  name: string,
  major: number,
): Promise<Library> {
  try {
    return await from();
  } catch (cause) {
    throw missingPackage(where, name, major, cause);
  }
}
