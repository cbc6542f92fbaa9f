import type { ScanBudget } from '../scope/scan-budget.js';
import type { NamedHost } from './named-host.js';

/** The most that is read of a page or a script, in bytes. */
const MAX_BYTES = 4_194_304;
const MAX_REDIRECTS = 5;
const ANSWER_MS = 10_000;

/** What was fetched. */
export interface FetchedText {
  /** Where it was in the end. */
  readonly url: URL;
  readonly text: string;
}

/**
 * Fetches a page or a script of the named host, redirects within it among them. Nothing is sent along: no cookie, no token.
 *
 * @returns a sentence where there is nothing to read.
 * @throws BudgetSpentError
 */
export async function fetchText(from: URL, { host }: NamedHost, budget: ScanBudget): Promise<FetchedText | string> {
  let url = from;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    if (url.protocol !== 'https:' && from.protocol === 'https:')
      return `${shown(from)} leads to ${shown(url)}, which anybody in between can write: it was not followed.`;
    if (url.host !== host) return `${shown(from)} leads to ${url.host}, which was not named: it was not followed.`;
    await budget.takeConnection();
    const signal = AbortSignal.any([budget.signal, AbortSignal.timeout(ANSWER_MS)]);
    try {
      const answer = await fetch(url, { redirect: 'manual', signal, credentials: 'omit' });
      const next = answer.status >= 300 && answer.status < 400 ? answer.headers.get('location') : null;
      if (next === null || !URL.canParse(next, url.href)) {
        // A page for what there is not may hold scripts as well: what is refused is read like what is given.
        return { url, text: await textOf(answer) };
      }
      await answer.body?.cancel();
      url = new URL(next, url);
    } catch (cause) {
      return `${shown(url)} was not read: ${reasonOf(cause)}.`;
    }
  }
  return `${shown(from)} redirects more than ${MAX_REDIRECTS} times.`;
}

/** The beginning of the body. */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_BYTES);
}

function shown({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

function reasonOf(cause: unknown): string {
  const { code, name } =
    (cause as { readonly cause?: NodeJS.ErrnoException }).cause ?? (cause as NodeJS.ErrnoException);
  return name === 'TimeoutError' || name === 'AbortError' ? 'no answer in time' : (code ?? 'no answer');
}
