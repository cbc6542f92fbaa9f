import { inspectDecoded, type JsonLimits, refuseJson } from '../../core/safe-json.js';
import type { WireCodec, WireResult } from '../../core/wire-format.js';
import type { StructureScan } from './structure-scan.js';

/** What a codec is made of. */
export interface CodecParts {
  /** Makes the walk that comes before the library. */
  readonly scan: (frame: Buffer, limits: JsonLimits, mayHaveBytes: boolean) => StructureScan;
  /** Of the library. May throw. */
  readonly decode: (frame: Uint8Array) => unknown;
  /** Of the library. */
  readonly encode: (value: unknown) => Uint8Array;
}

/** A codec whose library only gets what a scan has let pass, and whose values are looked at as those of JSON are. */
export class ScannedCodec implements WireCodec {
  constructor(private readonly parts: CodecParts) {}

  decode(frame: Buffer, limits: JsonLimits, mayHaveBytes: boolean): WireResult {
    const scan = this.parts.scan(frame, limits, mayHaveBytes);
    const reason = scan.run();
    if (reason !== undefined) return refuseJson(reason);
    let value: unknown;
    try {
      value = this.parts.decode(frame);
    } catch {
      // What the scan leaves to the library: lengths that are not the shortest, in CBOR.
      return refuseJson('syntax');
    }
    const bytes = takeBytes(value);
    const result = inspectDecoded(value, limits, scan.members - (bytes === undefined ? 0 : 1));
    return result.ok && bytes !== undefined ? { ok: true, value: result.value, bytes } : result;
  }

  encode(json: string): Uint8Array {
    return this.parts.encode(JSON.parse(json));
  }
}

/** Takes the bytes out of an envelope: a walk over its members would count each of them. The scan allows them there only. */
function takeBytes(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const envelope = value as { bytes?: unknown };
  const { bytes } = envelope;
  if (!(bytes instanceof Uint8Array)) return undefined;
  delete envelope.bytes;
  return bytes;
}
