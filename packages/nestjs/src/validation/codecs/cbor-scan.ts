import type { JsonRefusalReason } from '../../core/safe-json.js';
import { StructureScan } from './structure-scan.js';

/** The major types of RFC 8949 section 3.1. */
const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const LIST = 4;
const MAP = 5;
const SIMPLE = 7;

/** What stands for a number that no double holds exactly. */
const UNSAFE = -1;

/**
 * The scan of CBOR: nothing of it but what JSON has. Tags, indefinite lengths, `undefined` and the other simple values are
 * refused; that lengths are the shortest is left to the library.
 */
export class CborScan extends StructureScan {
  protected override value(depth: number, isBytesPlace: boolean): JsonRefusalReason | undefined {
    if (!this.has(1)) return 'syntax';
    const byte = this.frame[this.at++] as number;
    const major = byte >> 5;
    const minor = byte & 0x1f;
    if (major === SIMPLE) return this.#simple(minor);
    // A length that is told at the end.
    if (minor === 31) return 'type';
    const argument = this.#argument(minor);
    if (argument === undefined) return 'syntax';
    switch (major) {
      case UNSIGNED:
        return argument === UNSAFE ? 'number' : undefined;
      case NEGATIVE:
        // It is one less than what is written.
        return argument === UNSAFE || argument === Number.MAX_SAFE_INTEGER ? 'number' : undefined;
      case BYTES:
        return argument === UNSAFE ? 'syntax' : this.bytes(argument, isBytesPlace);
      case TEXT:
        return argument === UNSAFE ? 'syntax' : this.text(argument);
      case LIST:
        return argument === UNSAFE ? 'nodes' : this.list(argument, depth);
      case MAP:
        return argument === UNSAFE ? 'keys' : this.map(argument, depth);
      // A tag.
      default:
        return 'type';
    }
  }

  protected override textLength(): number | undefined {
    if (!this.has(1)) return undefined;
    const byte = this.frame[this.at++] as number;
    if (byte >> 5 !== TEXT) return undefined;
    const length = this.#argument(byte & 0x1f);
    return length === UNSAFE ? undefined : length;
  }

  #simple(minor: number): JsonRefusalReason | undefined {
    switch (minor) {
      // false, true, null
      case 20:
      case 21:
      case 22:
        return undefined;
      // A half: no number where all bits of its exponent are set.
      case 25:
        return this.has(2)
          ? this.float((this.frame.readUInt16BE(this.#pass(2)) & 0x7c00) === 0x7c00 ? NaN : 0)
          : 'syntax';
      case 26:
        return this.has(4) ? this.float(this.frame.readFloatBE(this.#pass(4))) : 'syntax';
      case 27:
        return this.has(8) ? this.float(this.frame.readDoubleBE(this.#pass(8))) : 'syntax';
      default:
        return 'type';
    }
  }

  /** @returns {@link UNSAFE} for one beyond what a double holds, `undefined` where it is not there, or told at the end. */
  #argument(minor: number): number | undefined {
    if (minor < 24) return minor;
    if (minor > 27) return undefined;
    const size = 1 << (minor - 24);
    if (!this.has(size)) return undefined;
    if (size < 8) return this.frame.readUIntBE(this.#pass(size), size);
    const value = this.frame.readBigUInt64BE(this.#pass(size));
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : UNSAFE;
  }

  /** Steps over bytes. @returns where they begin. */
  #pass(count: number): number {
    this.at += count;
    return this.at - count;
  }
}
