import type { JsonRefusalReason } from '../../core/safe-json.js';
import { StructureScan } from './structure-scan.js';

/** The scan of MessagePack: nothing of it but what JSON has. Extension types, times among them, are refused. */
export class MsgpackScan extends StructureScan {
  protected override value(depth: number, isBytesPlace: boolean): JsonRefusalReason | undefined {
    if (!this.has(1)) return 'syntax';
    const byte = this.frame[this.at++] as number;
    if (byte < 0x80 || byte >= 0xe0) return undefined;
    if (byte < 0x90) return this.map(byte & 0x0f, depth);
    if (byte < 0xa0) return this.list(byte & 0x0f, depth);
    if (byte < 0xc0) return this.text(byte & 0x1f);
    switch (byte) {
      // nil, false, true
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return undefined;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#withLength(1 << (byte - 0xc4), (length) => this.bytes(length, isBytesPlace));
      case 0xca:
        return this.has(4) ? this.float(this.frame.readFloatBE(this.#pass(4))) : 'syntax';
      case 0xcb:
        return this.has(8) ? this.float(this.frame.readDoubleBE(this.#pass(8))) : 'syntax';
      // uint8, uint16, uint32; int8, int16, int32
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.skip(1 << (byte - 0xcc));
      case 0xd0:
      case 0xd1:
      case 0xd2:
        return this.skip(1 << (byte - 0xd0));
      case 0xcf:
        return this.has(8) ? integer(this.frame.readBigUInt64BE(this.#pass(8))) : 'syntax';
      case 0xd3:
        return this.has(8) ? integer(this.frame.readBigInt64BE(this.#pass(8))) : 'syntax';
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#withLength(1 << (byte - 0xd9), (length) => this.text(length));
      case 0xdc:
      case 0xdd:
        return this.#withLength(2 << (byte - 0xdc), (length) => this.list(length, depth));
      case 0xde:
      case 0xdf:
        return this.#withLength(2 << (byte - 0xde), (length) => this.map(length, depth));
      // 0xc1 is never used, the rest are extensions.
      default:
        return byte === 0xc1 ? 'syntax' : 'type';
    }
  }

  protected override textLength(): number | undefined {
    if (!this.has(1)) return undefined;
    const byte = this.frame[this.at++] as number;
    if (byte >= 0xa0 && byte < 0xc0) return byte & 0x1f;
    return byte >= 0xd9 && byte <= 0xdb ? this.#length(1 << (byte - 0xd9)) : undefined;
  }

  #withLength(size: number, read: (length: number) => JsonRefusalReason | undefined): JsonRefusalReason | undefined {
    const length = this.#length(size);
    return length === undefined ? 'syntax' : read(length);
  }

  #length(size: number): number | undefined {
    return this.has(size) ? this.frame.readUIntBE(this.#pass(size), size) : undefined;
  }

  /** Steps over bytes. @returns where they begin. */
  #pass(count: number): number {
    this.at += count;
    return this.at - count;
  }
}

function integer(value: bigint): JsonRefusalReason | undefined {
  const isSafe = value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
  return isSafe ? undefined : 'number';
}
