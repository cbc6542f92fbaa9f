import { parseArgs } from 'node:util';
import { SEVERITIES } from '../checks/check.js';
import type { FailOn } from '../monitoring/exit-status.js';
import { readResult, readResults } from '../monitoring/read-results.js';
import type { ReportForm } from '../report/render-report.js';
import type { RemediationFor } from '../report/report-text.js';
import type { ScanOptions } from '../scan.js';
import type { ScanResult } from '../scan-result.js';
import { checkOutput } from './write-reports.js';
import { readCertificates } from './read-certificates.js';
import { readChoice } from './read-choice.js';
import { readCount } from './read-count.js';
import { readEndpoints } from './read-endpoints.js';
import { readMessages } from './read-messages.js';
import { readPublicKey } from './read-public-key.js';
import { readSigningKey } from './read-signing-key.js';
import { readSubprotocol, readSubprotocols } from './read-subprotocols.js';
import { runHook } from './run-hook.js';
import { readSecret, type SecretSources } from './read-secret.js';

/** What the arguments ask for. */
export interface ScanArguments {
  readonly options: ScanOptions;
  /** What to scan in place of the target, on its host; `undefined` for the target itself. */
  readonly endpoints: readonly string[] | undefined;
  /** The form of what is printed. */
  readonly format: ReportForm;
  /** Files that reports are written into, each in the form that its name ends with. */
  readonly outputs: readonly string[];
  /** Earlier scans, one of each endpoint: only what is new beside them counts. */
  readonly earlier: readonly ScanResult[] | undefined;
  readonly failOn: FailOn;
  readonly remediationFor: RemediationFor;
}

const SERVERS: ReadonlyMap<string, RemediationFor> = new Map([
  ['nest', 'nest'],
  ['ws', 'ws'],
  ['socket.io', 'socketIo'],
]);

/**
 * Reads the arguments of `secure-ws-scan`, and what they name.
 *
 * @throws TypeError for what there is not; its text says what to write.
 */
export async function readArguments(args: readonly string[], sources: SecretSources): Promise<ScanArguments> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      origin: text,
      token: text,
      cookie: text,
      'token-b': text,
      'cookie-b': text,
      'token-expired': text,
      'token-expiring': text,
      'signing-key': text,
      'logout-command': text,
      idle: text,
      shared: { type: 'string', multiple: true },
      lock: text,
      'public-key': text,
      ca: text,
      'plain-port': text,
      subprotocol: { type: 'string', multiple: true },
      'subprotocol-b': text,
      messages: text,
      endpoints: text,
      check: { type: 'string', multiple: true },
      'i-am-allowed': flag,
      disruptive: flag,
      'fail-on': text,
      for: text,
      json: flag,
      sarif: flag,
      output: { type: 'string', multiple: true },
      baseline: text,
      rate: text,
      connections: text,
      seconds: text,
      wait: text,
    },
  });
  const [target, ...others] = positionals;
  if (target === undefined || others.length > 0) {
    throw new TypeError(
      `secure-ws-scan takes one target, such as wss://api.example.com/orders, and got ${positionals.length}.`,
    );
  }
  if (values.json && values.sarif)
    throw new TypeError('--json and --sarif are two forms of one report: give one of them.');
  if (values.endpoints !== undefined && (values.json || values.sarif)) {
    throw new TypeError('--endpoints makes a report for each endpoint: give --output, which writes all of them.');
  }
  const { 'logout-command': logOut, 'signing-key': signingKey } = values;
  if (values.endpoints !== undefined && logOut !== undefined) {
    throw new TypeError(
      '--logout-command ends the session at the end of a scan, and --endpoints needs it for the next one: give one of them.',
    );
  }
  const secrets = await readSecrets(values, sources);
  const { origin, messages, 'subprotocol-b': subprotocolB } = values;
  const { names, credential } = await readSubprotocols(values.subprotocol ?? [], sources);
  if (origin !== undefined && !/^[\x21-\x7e]+$/.test(origin))
    throw new TypeError('--origin is not a text without blanks and control characters.');
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host === '')) {
    throw new TypeError('--origin is an origin, such as https://app.example.com.');
  }
  const rate = readCount('--rate', values.rate, 100);
  const connections = readCount('--connections', values.connections, 2000);
  const seconds = readCount('--seconds', values.seconds, 3600);
  const settleMs = readCount('--wait', values.wait, 10_000);
  const idleSeconds = readCount('--idle', values.idle, 600);
  const outputs = values.output ?? [];
  for (const path of outputs) await checkOutput(path);
  return {
    options: {
      target,
      settleMs,
      idleMs: idleSeconds === undefined ? undefined : idleSeconds * 1000,
      origin,
      subprotocols: names,
      isAllowed: values['i-am-allowed'],
      isDisruptive: values.disruptive,
      checks: values.check,
      credentials: { token: secrets.get('token'), cookie: secrets.get('cookie'), subprotocol: credential },
      other: {
        token: secrets.get('token-b'),
        cookie: secrets.get('cookie-b'),
        subprotocol:
          subprotocolB === undefined ? undefined : await readSubprotocol('--subprotocol-b', subprotocolB, sources),
      },
      expired: { token: secrets.get('token-expired') },
      expiring: { token: secrets.get('token-expiring') },
      signingKey: signingKey === undefined ? undefined : await readSigningKey(signingKey, sources),
      logOut: logOut === undefined ? undefined : () => runHook('--logout-command', logOut),
      shared: values.shared,
      lock: values.lock,
      publicKey: values['public-key'] === undefined ? undefined : await readPublicKey(values['public-key']),
      ca: values.ca === undefined ? undefined : await readCertificates(values.ca),
      plainPort: readCount('--plain-port', values['plain-port'], 65_535),
      messages: messages === undefined ? undefined : await readMessages(messages, target),
      limits: {
        ...(rate !== undefined && { connectionsPerSecond: rate }),
        ...(connections !== undefined && { maxConnections: connections }),
        ...(seconds !== undefined && { maxMs: seconds * 1000 }),
      },
    },
    endpoints: values.endpoints === undefined ? undefined : await readEndpoints(values.endpoints, target),
    format: values.json ? 'json' : values.sarif ? 'sarif' : 'text',
    outputs,
    earlier:
      values.baseline === undefined ? undefined : await readEarlier(values.baseline, values.endpoints !== undefined),
    failOn: readChoice('--fail-on', values['fail-on'] ?? 'medium', [...SEVERITIES, 'never']),
    remediationFor: SERVERS.get(readChoice('--for', values.for ?? 'nest', [...SERVERS.keys()])) ?? 'nest',
  };
}

/** Of several endpoints a folder of reports, one for each. */
async function readEarlier(path: string, areMany: boolean): Promise<readonly ScanResult[]> {
  return areMany ? readResults('--baseline', path) : [await readResult('--baseline', path)];
}

const SECRETS = ['token', 'cookie', 'token-b', 'cookie-b', 'token-expired', 'token-expiring'] as const;

async function readSecrets(
  values: Readonly<Partial<Record<(typeof SECRETS)[number], string>>>,
  sources: SecretSources,
): Promise<ReadonlyMap<string, string>> {
  const given = SECRETS.flatMap((name) => {
    const place = values[name];
    return place === undefined ? [] : [{ name, place }];
  });
  const piped = given.filter(({ place }) => place === '-').map(({ name }) => `--${name}`);
  if (piped.length > 1) throw new TypeError(`${piped.join(' and ')} cannot both be standard input.`);
  const secrets = new Map<string, string>();
  for (const { name, place } of given) secrets.set(name, await readSecret(`--${name}`, place, sources));
  return secrets;
}
