/**
 * Names under which strangers register or are given subdomains. A short list of the common ones, not the Public Suffix
 * List: it catches the mistake of naming one's hosting provider, and the two-letter rule below catches `co.uk` and its
 * kind.
 */
const SHARED_NAMES: ReadonlySet<string> = new Set(
  (
    'amazonaws.com appspot.com azurestaticapps.net azurewebsites.net blogspot.com cloudapp.net cloudfront.net ' +
    'deno.dev firebaseapp.com fly.dev github.dev github.io gitlab.io glitch.me herokuapp.com netlify.app ' +
    'ngrok-free.app ngrok.app ngrok.io onrender.com pages.dev railway.app repl.co replit.app replit.dev run.app ' +
    's3.amazonaws.com surge.sh trycloudflare.com up.railway.app vercel.app web.app workers.dev'
  ).split(' '),
);

/** What registries of two-letter countries put before their own ending. */
const REGISTRY_LABELS: ReadonlySet<string> = new Set(
  'ac co com edu go gob gouv gov ltd me mil ne net nom or org plc sch'.split(' '),
);

/**
 * Whether strangers may own subdomains of a name, as far as can be told without the Public Suffix List: a single label, a
 * registry's second level such as `co.uk`, or a well-known shared host such as `github.io`.
 */
export function isPublicSuffix(hostname: string): boolean {
  const labels = hostname.split('.');
  if (labels.length < 2 || SHARED_NAMES.has(hostname)) return true;
  const [first, last] = labels;
  return labels.length === 2 && last?.length === 2 && first !== undefined && REGISTRY_LABELS.has(first);
}
