/** Bytes at a place of a file. */
export interface MagicPart {
  /** In hexadecimal: `'89504e47'`. */
  readonly hex: string;
  /** Where they stand, in bytes from the beginning. @default 0 */
  readonly offset?: number;
}

/** What must stand where, of one type of file. */
type Signature = readonly MagicPart[];

const hex = (...parts: readonly (readonly [offset: number, hex: string])[]): Signature =>
  parts.map(([offset, bytes]) => ({ offset, hex: bytes }));

/**
 * How files begin. Each is as long as its format allows: two bytes alone, such as those of a BMP or an MP3 without a tag, are
 * found in anything.
 */
const SIGNATURES = {
  png: [hex([0, '89504e470d0a1a0a'])],
  jpeg: [hex([0, 'ffd8ff'])],
  gif: [hex([0, '474946383761']), hex([0, '474946383961'])],
  webp: [hex([0, '52494646'], [8, '57454250'])],
  avif: [hex([4, '6674797061766966'])],
  pdf: [hex([0, '255044462d'])],
  ogg: [hex([0, '4f67675300'])],
  wav: [hex([0, '52494646'], [8, '57415645'])],
  flac: [hex([0, '664c6143'])],
  // The tag with which nearly every one begins.
  mp3: [hex([0, '494433'])],
  mp4: [hex([4, '66747970'])],
  webm: [hex([0, '1a45dfa3'])],
  zip: [hex([0, '504b0304'])],
} as const satisfies Record<string, readonly Signature[]>;

/** A type of file whose beginning is known. */
export type MagicName = keyof typeof SIGNATURES;

/** The names that there are. */
export const MAGIC_NAMES = Object.freeze(Object.keys(SIGNATURES)) as readonly MagicName[];

/** A part that is ready to be compared. */
interface CompiledPart {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** The beginnings that are allowed, each of parts that must all be there. */
export type CompiledMagic = readonly (readonly CompiledPart[])[];

const HEX = /^(?:[0-9a-f]{2}){1,64}$/i;
const MAX_OFFSET = 4096;

/** Reads one entry of `magic`. @returns `undefined` for what is none. */
export function compileMagic(entry: unknown): CompiledMagic | undefined {
  if (typeof entry === 'string') {
    return Object.hasOwn(SIGNATURES, entry) ? SIGNATURES[entry as MagicName].map(compileParts) : undefined;
  }
  const parts: readonly unknown[] = Array.isArray(entry) ? entry : [entry];
  return parts.length > 0 && parts.every(isPart) ? [compileParts(parts)] : undefined;
}

/** Whether bytes begin in one of the ways that are allowed. */
export function hasMagic(bytes: Uint8Array, allowed: CompiledMagic): boolean {
  return allowed.some((parts) =>
    parts.every(({ offset, bytes: expected }) => expected.equals(bytes.subarray(offset, offset + expected.length))),
  );
}

function compileParts(parts: readonly MagicPart[]): readonly CompiledPart[] {
  return parts.map(({ offset = 0, hex: text }) => ({ offset, bytes: Buffer.from(text, 'hex') }));
}

function isPart(value: unknown): value is MagicPart {
  if (typeof value !== 'object' || value === null) return false;
  const { hex: text, offset = 0, ...others } = value as Record<string, unknown>;
  const isOffset = Number.isSafeInteger(offset) && (offset as number) >= 0 && (offset as number) <= MAX_OFFSET;
  return Object.keys(others).length === 0 && typeof text === 'string' && HEX.test(text) && isOffset;
}
