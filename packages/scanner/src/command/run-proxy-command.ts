import { parseArgs } from 'node:util';
import type { HarMessage } from '../har/har-entry.js';
import { writeHar } from '../har/write-har.js';
import { CLEAN } from '../monitoring/exit-status.js';
import { Recording } from '../proxy/recording.js';
import { RecordingProxy } from '../proxy/recording-proxy.js';
import { visibleText } from '../report/visible-text.js';
import { readTarget } from '../scope/scan-target.js';
import type { CommandIo } from './command-io.js';
import { readCount } from './read-count.js';
import { checkWritable, writeWholeFile } from './write-whole-file.js';

/** What `secure-ws-scan proxy --help` shows. */
export const PROXY_HELP = `secure-ws-scan proxy --target TARGET --output FILE.har [--listen PORT] [--seconds N] [--keep-secrets] [--i-am-allowed]

Stands between a client and one WebSocket endpoint, shows what they say, and records it. Interrupt it (Ctrl+C) to end.

  --target        wss://api.example.com/orders. No other host is contacted
  --output        the recording, a HAR with _webSocketMessages: Chrome opens it, and --messages takes it
  --listen        the port on this machine (default: a free one)
  --seconds       ends by itself after so long
  --keep-secrets  leaves credentials in the recording: whoever has the file has the accounts
  --i-am-allowed  the owner agrees: needed for every host but this machine

Exit status: 0, or 2 for wrong arguments and for a file that cannot be written.`;

const MAX_SHOWN = 200;

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
  const { target, output, port, seconds, keepsSecrets } = await readProxyArguments(args);
  const recording = new Recording();
  const proxy = new RecordingProxy(target, recording, {
    onMessage: (connection, message) => io.out(lineOf(connection, message)),
    onNote: (connection, text) => io.out(`#${connection} - ${visibleText(text)}`),
  });
  const listening = await listen(proxy, port);
  io.note(`Connect your client to ws://localhost:${listening}. What it says goes to ${target.shown}.`);
  try {
    await io.untilStopped(seconds === undefined ? undefined : seconds * 1000);
  } finally {
    await proxy.close();
    await writeWholeFile('--output', output, writeHar(recording.entries, { keepsSecrets }));
  }
  if (recording.isCut) io.note('More went through than a recording keeps: the rest is not in the file.');
  io.note(`${recording.entries.length} connections are in ${output}.`);
  return CLEAN;
}

async function readProxyArguments(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { target: text, output: text, listen: text, seconds: text, 'keep-secrets': flag, 'i-am-allowed': flag },
  });
  const { output, listen: port, seconds } = values;
  if (values.target === undefined)
    throw new TypeError('secure-ws-scan proxy takes --target wss://api.example.com/orders.');
  if (output === undefined || !output.endsWith('.har')) {
    throw new TypeError('secure-ws-scan proxy takes --output, a file that ends in .har.');
  }
  await checkWritable('--output', output);
  return {
    target: readTarget(values.target, { isAllowed: values['i-am-allowed'] }),
    output,
    port: readCount('--listen', port, 65_535) ?? 0,
    seconds: readCount('--seconds', seconds, 86_400),
    keepsSecrets: values['keep-secrets'],
  };
}

async function listen(proxy: RecordingProxy, port: number): Promise<number> {
  try {
    return await proxy.listen(port);
  } catch (cause) {
    const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
    throw new TypeError(`--listen ${port} cannot be listened on: ${code}.`, { cause });
  }
}

function lineOf(connection: number, { type, opcode, data }: HarMessage): string {
  const shown = opcode === 2 ? `binary, ${Buffer.from(data, 'base64').length} bytes` : visibleText(data);
  const cut = shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
  return `#${connection} ${type === 'send' ? '>' : '<'} ${cut}`;
}
