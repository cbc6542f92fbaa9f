import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

const MAX_LENGTH = 65_536;

/** Where the process gets its secrets from. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
}

/**
 * Reads a credential from where an option says that it is. It never stands on the command line itself, which everybody on the
 * machine can read, and shells keep.
 *
 * @param given `env:NAME`, `file:PATH` or `-` for standard input.
 * @throws TypeError where it is not there.
 */
export async function readSecret(option: string, given: string, { env, stdin }: SecretSources): Promise<string> {
  const [, kind = '', place = ''] = /^(env|file):(.+)$/s.exec(given) ?? [];
  if (given !== '-' && kind === '') {
    throw new TypeError(
      `${option} takes env:NAME, file:PATH or - (standard input): what stands on a command line, others can read.`,
    );
  }
  const read =
    kind === 'env'
      ? env[place]
      : await readStream(option, given, kind === 'file' ? createReadStream(place, { end: MAX_LENGTH }) : stdin);
  const secret = (read ?? '').trim();
  if (secret === '') throw new TypeError(`${option} ${given} is empty.`);
  if (secret.length > MAX_LENGTH) throw new TypeError(`${option} ${given} is longer than ${MAX_LENGTH} characters.`);
  // A line break would write fields of its own into every handshake.
  if (!/^[\x20-\x7e]+$/.test(secret)) throw new TypeError(`${option} ${given} is not one line of ASCII.`);
  return secret;
}

async function readStream(option: string, given: string, stream: Readable): Promise<string> {
  try {
    return await text(stream);
  } catch (cause) {
    const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
    throw new TypeError(`${option} ${given} cannot be read: ${code}.`, { cause });
  }
}
