import { parseArgs } from 'node:util';
import { discover, type Discovery } from '../discovery/discover.js';
import { endpointsOfAsyncApi } from '../discovery/endpoints-of-async-api.js';
import { readNamedHost } from '../discovery/named-host.js';
import { readHar } from '../har/read-har.js';
import { CLEAN, COULD_NOT_TEST } from '../monitoring/exit-status.js';
import { printableJson, visibleText } from '../report/visible-text.js';
import type { CommandIo } from './command-io.js';
import { readCount } from './read-count.js';
import { readInput, readInputFile } from './read-input-file.js';
import { MAX_HAR_BYTES } from './read-messages.js';
import { checkWritable, writeWholeFile } from './write-whole-file.js';

/** What `secure-ws-scan discover --help` shows. */
export const DISCOVER_HELP = `secure-ws-scan discover PAGE [--har FILE] [--asyncapi FILE] [--no-common-paths] [--origin ORIGIN]
                        [--json] [--output FILE.json] [--rate N] [--connections N] [--seconds N] [--i-am-allowed]

Looks for the WebSockets of one host: in a page and its scripts, on common paths, in a recording, in a document.

  PAGE               https://app.example.com/. No other host is contacted, and no redirect to one is followed
  --har              a recording of a browser, or of secure-ws-scan proxy
  --asyncapi         an AsyncAPI document in JSON
  --no-common-paths  asks for no path that nothing names
  --origin           an Origin that the server admits (default: that of the page)
  --json             prints JSON
  --output           also writes it into a file, which --endpoints of a scan takes
  --rate             requests in a second (default: 10)
  --connections      how many in all (default: 200)
  --seconds          how long it may take (default: 120)
  --i-am-allowed     the owner agrees: needed for every host but this machine

Exit status: 0 something was found, 2 nothing was, or the arguments are wrong.`;

const MAX_DOCUMENT_BYTES = 16_777_216;

/**
 * Runs `secure-ws-scan discover`.
 *
 * @returns the exit status.
 * @throws TypeError for wrong arguments.
 */
export async function runDiscoverCommand(args: readonly string[], { out, note }: CommandIo): Promise<number> {
  if (args.includes('--help')) {
    out(DISCOVER_HELP);
    return CLEAN;
  }
  const { options, isJson, output } = await readDiscoverArguments(args);
  const found = await discover(options);
  if (isJson) out(printableJson(found));
  else for (const line of linesOf(found)) out(visibleText(line));
  for (const text of found.notes) note(visibleText(text));
  if (output !== undefined) await writeWholeFile('--output', output, `${printableJson(found)}\n`);
  return found.endpoints.length > 0 ? CLEAN : COULD_NOT_TEST;
}

async function readDiscoverArguments(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...{ har: text, asyncapi: text, origin: text, output: text, rate: text, connections: text, seconds: text },
      ...{ json: flag, 'no-common-paths': flag, 'i-am-allowed': flag },
    },
  });
  const [page, ...others] = positionals;
  if (page === undefined || others.length > 0) {
    throw new TypeError(
      `secure-ws-scan discover takes one page, such as https://app.example.com/, and got ${positionals.length}.`,
    );
  }
  const { har, asyncapi, origin, output } = values;
  const isAllowed = values['i-am-allowed'];
  const named = readNamedHost(page, { isAllowed });
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).origin !== origin)) {
    throw new TypeError('--origin is an origin, such as https://app.example.com.');
  }
  if (output !== undefined) {
    if (!output.endsWith('.json')) throw new TypeError('--output is a file that ends in .json.');
    await checkWritable('--output', output);
  }
  const harText = har === undefined ? undefined : await readInputFile('--har', har, MAX_HAR_BYTES);
  const document = asyncapi === undefined ? undefined : await readInputFile('--asyncapi', asyncapi, MAX_DOCUMENT_BYTES);
  return {
    isJson: values.json,
    output,
    options: {
      named,
      isAllowed,
      origin,
      triesCommonPaths: !values['no-common-paths'],
      har: har === undefined ? [] : readInput('--har', har, () => readHar(harText ?? '')),
      declared:
        asyncapi === undefined
          ? []
          : readInput('--asyncapi', asyncapi, () => endpointsOfAsyncApi(document ?? '', named.page)),
      limits: {
        maxConnections: readCount('--connections', values.connections, 2000) ?? 200,
        maxMessages: 0,
        maxMs: (readCount('--seconds', values.seconds, 3600) ?? 120) * 1000,
        connectionsPerSecond: readCount('--rate', values.rate, 100) ?? 10,
      },
    },
  };
}

function linesOf({ page, endpoints, elsewhere }: Discovery): readonly string[] {
  const lines = endpoints.map(
    ({ url, state, status, from }) =>
      `${state.padEnd(7)}  ${status === 0 ? '-  ' : status}  ${url}  (${from.join(', ')})`,
  );
  return [
    ...(lines.length === 0 ? [`No WebSocket was found on ${page}.`] : lines),
    ...elsewhere.map((url) => `elsewhere     ${url}  (not contacted: its address was not named)`),
  ];
}
