import { createPrivateKey, KeyObject } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { isIdentifier } from '../../core/identifier.js';
import type { OptionReader } from '../../core/option-reader.js';
import type { AuditChainSettings } from '../chain/audit-chain.js';

/** The options of a {@link FileSink}. */
export interface FileSinkOptions {
  /** The file that lines are appended to, such as `/var/log/app/audit.jsonl`. Its folder must be there. */
  readonly path: string;
  /** From how many bytes on a file is put away, and the next one begun. @default 52428800 (50 MiB) */
  readonly maxFileBytes?: number;
  /** Whether each day (UTC) has files of its own. @default true */
  readonly rotateDaily?: boolean;
  /** How many files there are at most, the one that is written to among them: the oldest are removed. @default 30 */
  readonly maxFiles?: number;
  /**
   * When the disk has to have what was written: `'always'` before the next events are, `'every-second'`, or whenever the
   * system likes, `'never'`. Only a crash of the machine loses what was not.
   *
   * @default 'every-second'
   */
  readonly fsync?: 'always' | 'every-second' | 'never';
  /** The permissions of the files: others never have any. @default 0o600 */
  readonly mode?: number;
  /**
   * What becomes of a flood: `'summarised'` as for log lines (see `events.sampling`); `'written'` writes each refusal of it,
   * and whoever floods then decides how soon the oldest file is removed.
   *
   * @default 'summarised'
   */
  readonly floods?: 'summarised' | 'written';
  /** Chains the records, so that `secure-ws audit verify` finds what was changed. @default none */
  readonly chain?: FileSinkChainOptions;
}

/** How the records of a {@link FileSink} are chained. */
export interface FileSinkChainOptions {
  /** The Ed25519 key (PKCS #8, PEM) that signs: `openssl genpkey -algorithm ed25519`. Who verifies needs only the public one. */
  readonly privateKey: string | Uint8Array | KeyObject;
  /** Which process it is, as the reports say it. @default the name of the host */
  readonly node?: string;
  /** After how many records one is signed at the latest. @default 1000 */
  readonly anchorEveryRecords?: number;
  /** After how many milliseconds one is signed, whether anything happened or not. @default 60000 */
  readonly anchorEveryMs?: number;
}

/** {@link FileSinkOptions}, checked and filled. */
export interface FileSinkSettings extends Required<Omit<FileSinkOptions, 'chain'>> {
  readonly chain: AuditChainSettings | undefined;
}

const MEBIBYTE = 1_048_576;
const OWNER = 0o600;

/** Reads the options of a file sink. */
export function readFileSinkOptions(reader: OptionReader): FileSinkSettings {
  const path = reader.string('path');
  if (path === undefined && !reader.has('path')) reader.refuse('path', 'is missing', `'/var/log/app/audit.jsonl'`);
  const settings = {
    // What the working directory is later does not move it.
    path: resolve(path ?? ''),
    maxFileBytes: reader.count('maxFileBytes', 50 * MEBIBYTE, { min: 4096 }),
    rotateDaily: reader.boolean('rotateDaily', true),
    maxFiles: reader.count('maxFiles', 30, { min: 2, max: 10_000 }),
    fsync: reader.oneOf('fsync', ['always', 'every-second', 'never'], 'every-second'),
    mode: readMode(reader),
    floods: reader.oneOf('floods', ['summarised', 'written'], 'summarised'),
    chain: reader.has('chain') ? readChain(reader.object('chain')) : undefined,
  };
  return reader.finish(settings);
}

function readMode(reader: OptionReader): number {
  const isMode = (value: unknown): value is number =>
    typeof value === 'number' && Number.isInteger(value) && (value & ~0o060) === OWNER;
  const mode = reader.raw('mode');
  if (mode === undefined || isMode(mode)) return mode ?? OWNER;
  const found = typeof mode === 'number' && Number.isInteger(mode) ? `; it is 0o${mode.toString(8)}` : '';
  reader.refuse('mode', `must be 0o600, or 0o640 and the like: others get nothing${found}.`, '0o600');
  return OWNER;
}

function readChain(reader: OptionReader): AuditChainSettings | undefined {
  const key = readKey(reader);
  const node = reader.checked('node', isIdentifier, 'must be a name of 1 to 256 characters', `'web-1'`);
  const chain = {
    key,
    node: node ?? hostname(),
    anchorEveryRecords: reader.count('anchorEveryRecords', 1000, { max: 100_000 }),
    anchorEveryMs: reader.ms('anchorEveryMs', 60_000, { min: 1000, max: 86_400_000 }),
  };
  reader.finish();
  return key === undefined ? undefined : { ...chain, key };
}

function readKey(reader: OptionReader): KeyObject | undefined {
  const given = reader.raw('privateKey');
  const example = 'process.env.AUDIT_PRIVATE_KEY';
  let key: KeyObject | undefined;
  try {
    if (given instanceof KeyObject) key = given;
    else if (typeof given === 'string') key = createPrivateKey(given);
    else if (given instanceof Uint8Array) key = createPrivateKey(Buffer.from(given));
  } catch {
    // The text of the error may quote the key.
  }
  if (key?.type === 'private' && key.asymmetricKeyType === 'ed25519') return key;
  return reader.refuse(
    'privateKey',
    'must be an Ed25519 private key in PEM (openssl genpkey -algorithm ed25519).',
    example,
  );
}
