import type { HarEntry } from '../har/har-entry.js';
import { Prober } from '../probe/prober.js';
import { Transcript } from '../probe/transcript.js';
import { BudgetSpentError, ScanBudget, type ScanLimits } from '../scope/scan-budget.js';
import { readTarget } from '../scope/scan-target.js';
import { COMMON_PATHS } from './common-paths.js';
import { endpointsOfScript, urlOf } from './endpoints-of-script.js';
import { fetchText } from './fetch-text.js';
import type { NamedHost } from './named-host.js';
import { scriptsOfPage, scriptsOfScript } from './scripts-of-page.js';

const MAX_SCRIPTS = 40;
const MAX_CANDIDATES = 100;
/** Nobody has it: what is answered here says nothing elsewhere. */
const CONTROL_PATH = '/secure-ws-scan-no-such-path';
/** What says that there is a WebSocket behind, which wants something of whoever asks. */
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 426, 429]);

/** What was found. */
export interface FoundEndpoint {
  readonly url: string;
  /** `open` takes a handshake; `refuses` answers to it in another way than to a path that there is not; `unknown` is only named. */
  readonly state: 'open' | 'refuses' | 'unknown';
  /** Of the answer to a handshake; 0 where none came. */
  readonly status: number;
  /** Where it was found: `page`, `script /main.js`, `har`, `asyncapi`, `common path`. */
  readonly from: readonly string[];
}

/** What discovery found out. */
export interface Discovery {
  readonly page: string;
  readonly endpoints: readonly FoundEndpoint[];
  /** On hosts, ports and schemes that were not named: none of them was contacted. */
  readonly elsewhere: readonly string[];
  /** What could not be looked at. */
  readonly notes: readonly string[];
}

/** Where to look. */
export interface DiscoverOptions {
  readonly named: NamedHost;
  readonly isAllowed: boolean;
  /** @default the origin of the page */
  readonly origin?: string | undefined;
  readonly har: readonly HarEntry[];
  /** What an AsyncAPI document declares. */
  readonly declared: readonly string[];
  readonly triesCommonPaths: boolean;
  readonly limits: ScanLimits;
}

/** Looks for the WebSockets of one host. */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const { named, har, declared, triesCommonPaths } = options;
  const budget = new ScanBudget(options.limits);
  const found = new Map<string, Set<string>>();
  const notes: string[] = [];
  const add = (from: string, urls: readonly string[]): void => {
    for (const url of urls) found.set(plain(url), (found.get(plain(url)) ?? new Set()).add(from));
  };
  add(
    'har',
    har.map(({ url }) => url),
  );
  add('asyncapi', declared);
  // The same host with TLS, where a page without leads there.
  let { page } = named;
  await orNote(notes, async () => {
    page = (await lookAtPage(named, budget, add, notes)) ?? page;
  });
  if (triesCommonPaths)
    add(
      'common path',
      COMMON_PATHS.map((path) => urlOf(path, page)),
    );
  // Another scheme is another port as well, and ws:// beside https:// is a road for whoever stands in between.
  const origins = [named.page, page].map((one) => new URL(urlOf('/', one)).origin);
  const isHere = (url: string): boolean => origins.includes(new URL(url).origin);
  const here = [...found.keys()].filter(isHere).slice(0, MAX_CANDIDATES);
  const endpoints: FoundEndpoint[] = [];
  await orNote(notes, () => tryEach(here, found, options, budget, { endpoints, notes }));
  return {
    page: `${named.page.origin}${named.page.pathname}`,
    endpoints,
    elsewhere: [...found.keys()].filter((url) => !isHere(url)),
    notes,
  };
}

type Add = (from: string, urls: readonly string[]) => void;

/** @returns where the page was in the end; `undefined` where there is none. */
async function lookAtPage(named: NamedHost, budget: ScanBudget, add: Add, notes: string[]): Promise<URL | undefined> {
  const page = await fetchText(named.page, named, budget);
  if (typeof page === 'string') {
    notes.push(page);
    return undefined;
  }
  add('page', endpointsOfScript(page.text, page.url));
  const queue = [...scriptsOfPage(page.text, page.url)];
  const seen = new Set(queue.map(({ href }) => href));
  for (let count = 0; queue.length > 0; count++) {
    const script = queue.shift();
    if (script === undefined) break;
    if (count >= MAX_SCRIPTS) {
      notes.push(`Only the first ${MAX_SCRIPTS} scripts were read.`);
      break;
    }
    const read = await fetchText(script, named, budget);
    if (typeof read === 'string') {
      notes.push(read);
      continue;
    }
    add(`script ${read.url.pathname}`, endpointsOfScript(read.text, page.url));
    const more = scriptsOfScript(read.text, read.url, page.url).filter(
      ({ href, host }) => !seen.has(href) && host === named.host,
    );
    for (const one of more) seen.add(one.href);
    queue.push(...more);
  }
  return page.url;
}

async function tryEach(
  urls: readonly string[],
  found: ReadonlyMap<string, ReadonlySet<string>>,
  { isAllowed, named, origin = named.page.origin }: DiscoverOptions,
  budget: ScanBudget,
  { endpoints, notes }: { readonly endpoints: FoundEndpoint[]; readonly notes: string[] },
): Promise<void> {
  const credentials = { given: {}, other: {}, expired: {}, expiring: {} };
  const statusOf = async (url: string): Promise<number> => {
    const identity = { credentials, origin, subprotocols: [] };
    const patience = { answerMs: 5000, settleMs: 100 };
    const prober = new Prober(
      readTarget(url, { isAllowed }),
      identity,
      budget,
      new Transcript((text) => text),
      patience,
    );
    try {
      const { connection, answer } = await prober.openOnce();
      connection[Symbol.dispose]();
      return answer.isAccepted ? 101 : answer.status === 101 ? 0 : answer.status;
    } catch (error) {
      if (error instanceof BudgetSpentError) throw error;
      return 0;
    }
  };
  const controls = new Map<string, number>();
  for (const url of urls) {
    const { origin: server } = new URL(url);
    const control = controls.get(server) ?? (await statusOf(`${server}${CONTROL_PATH}`));
    if (control === 101 && !controls.has(server)) notes.push(`${server} takes a handshake on every path.`);
    controls.set(server, control);
    const from = [...(found.get(url) ?? [])];
    const status = await statusOf(url);
    const saysNothing = status === control;
    const isRefusal = REFUSALS.has(status) && !saysNothing;
    const state = status === 101 ? 'open' : isRefusal ? 'refuses' : 'unknown';
    // A guess counts where the answer is another one than to what there is not.
    const isGuess = from.every((source) => source === 'common path');
    if (!isGuess || (state !== 'unknown' && !saysNothing)) endpoints.push({ url, state, status, from });
  }
}

/** Without what may be a credential: of a query the two parameters stay that say that it is Socket.IO. */
function plain(text: string): string {
  const url = new URL(text);
  const isSocketIo = url.searchParams.has('EIO');
  url.hash = url.username = url.password = '';
  url.search = isSocketIo ? '?EIO=4&transport=websocket' : '';
  return url.href;
}

/** What was found by then stays. */
async function orNote(notes: string[], look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (!(error instanceof BudgetSpentError)) throw error;
    notes.push(error.message);
  }
}
