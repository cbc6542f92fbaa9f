import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { basename, relative } from 'node:path';
import { isPlainObject } from '../core/option-reader.js';
import { plainOf, sorted } from './plain-value.js';
import { POLICY_FORMAT, type PolicyDocument } from './policy-document.js';

/** What the file is called unless somebody says otherwise. */
export const LOCK_FILE = 'secure-ws.lock.json';

/** A thousand events with large schemas are a tenth of this. */
const MAX_LOCK_BYTES = 8 * 1024 * 1024;

/** The command that writes a lock file: this one, wherever it lies. */
export function writeCommand(path: string): string {
  const name = relative(process.cwd(), path);
  return `npx secure-ws policy --write${name === LOCK_FILE ? '' : ` --lock ${name}`}`;
}

function remedy(path: string): string {
  return `Write it with \`${writeCommand(path)}\`, and have the change reviewed.`;
}

/** A lock file that cannot be read, or is not one. The message says what to do. */
export class LockFileError extends Error {
  override readonly name = 'LockFileError';
}

/** What a lock file holds. */
export interface LockFile {
  readonly text: string;
  readonly document: PolicyDocument;
}

/** The one text that a document has. */
export function lockText(document: PolicyDocument): string {
  return `${JSON.stringify(sorted(plainOf(document)), undefined, 2)}\n`;
}

/**
 * Reads a lock file.
 *
 * @throws {LockFileError} where it is missing, no file of its own (a link may be swapped for another after the review), too
 * large, or not what the command writes.
 */
export function readLockFile(path: string): LockFile {
  const text = readText(path);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new LockFileError(`${basename(path)} is not JSON. ${remedy(path)}`, { cause });
  }
  if (!isDocument(parsed)) {
    throw new LockFileError(`${basename(path)} is not a policy lock of this version of the package. ${remedy(path)}`);
  }
  return { text, document: parsed };
}

/**
 * Writes a lock file, whole or not at all.
 *
 * @throws {LockFileError} where something that is no file lies in its place.
 */
export function writeLockFile(path: string, document: PolicyDocument): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) throw noFile(path);
  const written = `${path}.${randomUUID()}.tmp`;
  writeFileSync(written, lockText(document), { flag: 'wx' });
  renameSync(written, path);
}

function readText(path: string): string {
  let descriptor: number;
  try {
    // Windows has no O_NOFOLLOW.
    if (lstatSync(path).isSymbolicLink()) throw noFile(path);
    // O_NONBLOCK: opening a pipe would wait for a writer.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    if (cause instanceof LockFileError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new LockFileError(
      code === 'ENOENT'
        ? `${basename(path)} is missing. ${remedy(path)}`
        : `${basename(path)} cannot be read (${code}).`,
      { cause },
    );
  }
  try {
    const { size } = fstatSync(descriptor);
    if (!fstatSync(descriptor).isFile()) throw noFile(path);
    if (size > MAX_LOCK_BYTES) {
      throw new LockFileError(
        `${basename(path)} is larger than ${MAX_LOCK_BYTES} bytes: it is no policy lock. ${remedy(path)}`,
      );
    }
    // Git may have turned the line ends of a checkout into those of Windows.
    return readFileSync(descriptor, 'utf8').replaceAll('\r\n', '\n');
  } finally {
    closeSync(descriptor);
  }
}

function noFile(path: string): LockFileError {
  return new LockFileError(
    `${basename(path)} is a link, a folder or a device. Put the file itself there. ${remedy(path)}`,
  );
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isTrue: Check = (value) => value === true;
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

function has(value: unknown, fields: Readonly<Record<string, Check>>): boolean {
  return (
    isPlainObject(value) &&
    Object.entries(fields).every(([name, check]) => Object.hasOwn(value, name) && check(value[name]))
  );
}

const isRequirement: Check = (value) =>
  isPlainObject(value) &&
  Object.entries(value).every(([name, item]) => {
    if (name === 'roles') return isListOf(isText)(item);
    if (name === 'anyOf' || name === 'allOf') return isListOf(isRequirement)(item);
    if (name === 'loginMs') return Number.isSafeInteger(item);
    return name === 'other' || isText(item);
  });

const isEvent: Check = (value) =>
  has(value, {
    event: isText,
    handler: isText,
    access: (access) =>
      has(access, { public: isTrue }) ||
      has(access, { closed: isTrue }) ||
      has(access, { all: isListOf(isRequirement) }),
    throttles: Array.isArray,
  });

const isEndpoint: Check = (value) =>
  has(value, {
    path: isText,
    port: Number.isSafeInteger,
    origins: isListOf(isText),
    authenticators: isListOf(isText),
    events: isListOf(isEvent),
  });

/** Whether a value has the form that the words for changes are made from. Whatever else it holds is compared as it is. */
function isDocument(value: unknown): value is PolicyDocument {
  try {
    return has(value, {
      format: (format) => format === POLICY_FORMAT,
      settings: isPlainObject,
      schemas: isPlainObject,
      endpoints: isListOf(isEndpoint),
    });
  } catch {
    // A file whose lists lie in one another a million deep.
    return false;
  }
}
