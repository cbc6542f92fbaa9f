import { parseArgs } from 'node:util';
import { readAsyncApi } from '../discovery/endpoints-of-async-api.js';
import { CLEAN } from '../monitoring/exit-status.js';
import { postmanCollection } from '../postman/postman-collection.js';
import { printableJson } from '../report/visible-text.js';
import type { CommandIo } from './command-io.js';
import { readInput, readInputFile } from './read-input-file.js';
import { checkWritable, writeWholeFile } from './write-whole-file.js';

/** What `secure-ws-scan postman --help` shows. */
export const POSTMAN_HELP = `secure-ws-scan postman ASYNCAPI.json [--url URL] [--output FILE.json]

Makes a Postman collection of what clients send, with an example of each message. Nothing is contacted.

  ASYNCAPI.json  an AsyncAPI document of version 2 or 3, such as secure-ws policy --asyncapi writes
  --url          where the server is: wss://api.example.com (default: ws://localhost:3000)
  --output       writes it into a file in place of printing it

Exit status: 0, or 2 for wrong arguments.`;

const MAX_BYTES = 16_777_216;

/**
 * Runs `secure-ws-scan postman`.
 *
 * @returns the exit status.
 * @throws TypeError for wrong arguments.
 */
export async function runPostmanCommand(args: readonly string[], { out }: CommandIo): Promise<number> {
  if (args.includes('--help')) {
    out(POSTMAN_HELP);
    return CLEAN;
  }
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { url: { type: 'string', default: 'ws://localhost:3000' }, output: { type: 'string' } },
  });
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0) {
    throw new TypeError(`secure-ws-scan postman takes one AsyncAPI document in JSON, and got ${positionals.length}.`);
  }
  const { url, output } = values;
  if (!/^wss?:\/\/[^/]+\/?$/i.test(url) || !URL.canParse(url)) {
    throw new TypeError('--url is a server without a path, such as wss://api.example.com.');
  }
  if (output !== undefined) await checkWritable('--output', output);
  const content = await readInputFile('postman', path, MAX_BYTES);
  const document = readInput('postman', path, () => readAsyncApi(content));
  const collection = readInput('postman', path, () => postmanCollection(document, url.replace(/\/$/, '')));
  const text = printableJson(collection);
  if (output === undefined) out(text);
  else await writeWholeFile('--output', output, `${text}\n`);
  return CLEAN;
}
