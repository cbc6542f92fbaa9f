import { parseArgs } from 'node:util';
import { writeHar } from '../har/write-har.js';
import { CLEAN } from '../monitoring/exit-status.js';
import { lineOfMessage, readTerminal } from '../proxy/desk/terminal-commands.js';
import { TrafficDesk } from '../proxy/desk/traffic-desk.js';
import { InterceptingProxy } from '../proxy/intercepting-proxy.js';
import { ControlPage } from '../proxy/page/control-page.js';
import { Recording } from '../proxy/recording.js';
import { readRules } from '../proxy/rules/read-rules.js';
import type { Rule } from '../proxy/rules/rule.js';
import { visibleText } from '../report/visible-text.js';
import { readTarget, trustedWith } from '../scope/scan-target.js';
import type { CommandIo } from './command-io.js';
import { readCertificates } from './read-certificates.js';
import { readInput, readInputFile } from './read-input-file.js';
import { readCount } from './read-count.js';
import { checkWritable, writeWholeFile } from './write-whole-file.js';

/** What `secure-ws-scan proxy --help` shows. */
export const PROXY_HELP = `secure-ws-scan proxy --target TARGET [--output FILE.har] [--rules FILE.json] [--hold-seconds N] [--listen PORT]
                     [--origin ORIGIN]... [--ca FILE] [--page-port PORT | --no-page] [--seconds N] [--keep-secrets]
                     [--i-am-allowed]

Stands between a client and one WebSocket endpoint: shows what they say, holds messages until you forward, change or drop them,
sends them again, and records them. Interrupt it (Ctrl+C) to end.

  --target        wss://api.example.com/orders. No other host is contacted
  --output        the recording, a HAR with _webSocketMessages: Chrome opens it, and --messages takes it
  --rules         what to hold, drop, replace, delay or send again
  --hold-seconds  after which a held message goes through as it came (default: 300)
  --listen        the port on this machine (default: a free one)
  --origin        pages of this origin may connect, beside those of this machine; may be repeated
  --ca            a file with your own certificate authority, in PEM
  --page-port     the port of the page on this machine (default: a free one)
  --no-page       no page: the terminal alone
  --seconds       ends by itself after so long
  --keep-secrets  leaves credentials in the recording: whoever has the file has the accounts
  --i-am-allowed  the owner agrees: needed for every host but this machine

While it runs, type ? for what can be typed.

Exit status: 0, or 2 for wrong arguments and for a file that cannot be written.`;

const HOLD_SECONDS = 300;
const MAX_RULES_BYTES = 16_777_216;

/**
 * Runs `secure-ws-scan proxy`.
 *
 * @returns the exit status.
 * @throws TypeError for wrong arguments.
 */
export async function runProxyCommand(args: readonly string[], io: CommandIo): Promise<number> {
  if (args.includes('--help')) {
    io.out(PROXY_HELP);
    return CLEAN;
  }
  const { target, origins, output, port, pagePort, seconds, holdMs, rules, keepsSecrets } =
    await readProxyArguments(args);
  const recording = new Recording();
  const desk = new TrafficDesk({ rules, holdMs });
  desk.listen({
    onMessage: (entry) => io.out(lineOfMessage(entry)),
    onNote: (connection, text) => io.out(`${connection === undefined ? '' : `#${connection} `}- ${visibleText(text)}`),
  });
  const proxy = new InterceptingProxy(target, desk, recording, origins);
  const page = pagePort === undefined ? undefined : new ControlPage(desk, target.shown);
  const listening = await listen('--listen', port, (free) => proxy.listen(free));
  if (page !== undefined) {
    try {
      const address = await listen('--page-port', pagePort ?? 0, (free) => page.listen(free));
      io.note(`Watch and decide on ${address} (whoever has this address can: keep it).`);
    } catch (error) {
      await proxy.close();
      throw error;
    }
  }
  io.note(`Connect your client to ws://localhost:${listening}. What it says goes to ${target.shown}.`);
  const stopReading = readTerminal(io.stdin, desk, io.note);
  try {
    await io.untilStopped(seconds === undefined ? undefined : seconds * 1000);
  } finally {
    stopReading();
    await Promise.all([proxy.close(), page?.close()]);
    if (output !== undefined) await writeWholeFile('--output', output, writeHar(recording.entries, { keepsSecrets }));
  }
  if (output === undefined) return CLEAN;
  if (recording.isCut) io.note('More went through than a recording keeps: the rest is not in the file.');
  io.note(`${recording.entries.length} connections are in ${output}.`);
  return CLEAN;
}

async function readProxyArguments(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ target: text, output: text, listen: text, seconds: text, rules: text, ca: text },
      origin: { type: 'string', multiple: true },
      ...{ 'hold-seconds': text, 'page-port': text, 'no-page': flag },
      ...{ 'keep-secrets': flag, 'i-am-allowed': flag },
    },
  });
  const { output, listen: port, seconds, rules, ca, 'page-port': pagePort, origin: origins = [] } = values;
  if (values.target === undefined)
    throw new TypeError('secure-ws-scan proxy takes --target wss://api.example.com/orders.');
  if (output !== undefined && !output.endsWith('.har')) throw new TypeError('--output is a file that ends in .har.');
  if (output === undefined && values['keep-secrets']) {
    throw new TypeError('--keep-secrets is for a recording: give --output as well.');
  }
  if (values['no-page'] && pagePort !== undefined) {
    throw new TypeError('--page-port is the port of the page, and --no-page says that there is none.');
  }
  // "null" is what a file and a sandbox say; applications of phones and desktops have schemes of their own.
  if (!origins.every((origin) => origin === 'null' || /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@]*$/i.test(origin))) {
    throw new TypeError('--origin is an origin as a browser writes it, such as https://app.example.com.');
  }
  if (output !== undefined) await checkWritable('--output', output);
  return {
    target: {
      ...readTarget(values.target, { isAllowed: values['i-am-allowed'] }),
      ...(ca !== undefined && { trusted: trustedWith(await readCertificates(ca)) }),
    },
    origins,
    output,
    rules: rules === undefined ? [] : await rulesOf(rules),
    port: readCount('--listen', port, 65_535) ?? 0,
    pagePort: values['no-page'] ? undefined : (readCount('--page-port', pagePort, 65_535) ?? 0),
    holdMs: (readCount('--hold-seconds', values['hold-seconds'], 3600) ?? HOLD_SECONDS) * 1000,
    seconds: readCount('--seconds', seconds, 86_400),
    keepsSecrets: values['keep-secrets'],
  };
}

async function rulesOf(path: string): Promise<readonly Rule[]> {
  const content = await readInputFile('--rules', path, MAX_RULES_BYTES);
  return readInput('--rules', path, () => readRules(content));
}

async function listen<Result>(option: string, port: number, start: (port: number) => Promise<Result>): Promise<Result> {
  try {
    return await start(port);
  } catch (cause) {
    const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
    throw new TypeError(`${option} ${port} cannot be listened on: ${code}.`, { cause });
  }
}
