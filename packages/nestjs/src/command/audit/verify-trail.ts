import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { headsOf, readHeads, type RememberedHead } from '../../events/chain/remembered-heads.js';
import { TrailVerifier } from '../../events/chain/trail-verifier.js';
import { readBoundedFile } from '../bounded-file.js';
import type { CommandOutput } from '../command.js';
import { linesOfFile } from '../file-lines.js';
import { printableJson } from '../printable.js';
import { reportLines } from './report-trail.js';

/** What is to be verified. */
export interface VerifyArguments {
  readonly files: readonly string[];
  /** Paths of public keys. */
  readonly keys: readonly string[];
  readonly maxAge: string | undefined;
  readonly isComplete: boolean;
  /** The path of what an earlier run has left. */
  readonly remember: string | undefined;
  readonly json: boolean;
}

/** Something is wrong with the trail. */
const WRONG_STATUS = 3;

const MAX_KEY_BYTES = 16_384;
const MAX_HEADS_BYTES = 4_194_304;

/** `secure-ws audit verify`. @returns the exit status. @throws TypeError for arguments and files that cannot be. */
export async function verifyTrail(given: VerifyArguments, { out, note }: CommandOutput): Promise<number> {
  const { files, remember } = given;
  if (files.length === 0) throw new TypeError('Name the files, the oldest first: audit.*.jsonl audit.jsonl.');
  if (given.keys.length === 0) throw new TypeError('--public-key is needed: who edits a file can chain it again.');
  const keys = await Promise.all(given.keys.map(readPublicKey));
  const verifier = new TrailVerifier({
    keys,
    isComplete: given.isComplete,
    maxAgeMs: readMaxAge(given.maxAge),
    now: Date.now(),
    remembered: remember === undefined ? [] : await readRemembered(remember),
  });
  for (const file of files) {
    let line = 0;
    for await (const bytes of linesOfFile(file, { option: 'The file', allowsStreams: false })) {
      verifier.read(bytes, { file, line: ++line });
    }
  }
  const report = verifier.finish();
  if (given.json) out(printableJson(report));
  else for (const text of reportLines(report)) out(text);
  // A gap stays in the files for weeks. Who could make one could otherwise erase, unseen, what came after it.
  if (remember !== undefined && report.isAsWritten) await writeRemembered(remember, headsOf(report.chains), note);
  return report.findings.length > 0 ? WRONG_STATUS : 0;
}

async function readPublicKey(path: string): Promise<KeyObject> {
  const pem = await readBoundedFile('--public-key', path, MAX_KEY_BYTES);
  if (pem.includes('PRIVATE KEY')) {
    throw new TypeError(`--public-key ${path} is a private key. Take the public one: openssl pkey -in ${path} -pubout`);
  }
  let key: KeyObject | undefined;
  try {
    key = createPublicKey(pem);
  } catch {
    // Said below.
  }
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new TypeError(`--public-key ${path} is not an Ed25519 public key in PEM.`);
}

function readMaxAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new TypeError('--max-age takes a whole number of seconds.');
  return Number(text) * 1000;
}

async function readRemembered(path: string): Promise<readonly RememberedHead[]> {
  let text: string;
  try {
    text = await readBoundedFile('--remember', path, MAX_HEADS_BYTES);
  } catch (error) {
    // The first time there is none.
    if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return [];
    throw error;
  }
  let heads: readonly RememberedHead[] | undefined;
  try {
    heads = readHeads(JSON.parse(text));
  } catch {
    // Said below.
  }
  if (heads === undefined) throw new TypeError(`--remember ${path} is not a file that this command has written.`);
  return heads;
}

async function writeRemembered(
  path: string,
  heads: readonly RememberedHead[],
  note: (line: string) => void,
): Promise<void> {
  // A name that nobody can know, and a file that is not there yet: a symbolic link in its place would lead anywhere (CWE-59).
  const made = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    await writeFile(made, `${JSON.stringify({ heads }, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
    await rename(made, path);
  } catch (cause) {
    await rm(made, { force: true }).catch(() => undefined);
    note('The trail was verified, and cannot be remembered.');
    const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
    throw new TypeError(`--remember ${path} cannot be written: ${code}.`, { cause });
  }
}
