import type { Prober } from '../probe/prober.js';
import { BudgetSpentError } from '../scope/scan-budget.js';
import { type Check, type Evidence, finding, notTested, passed } from './check.js';

const SESSION_NAME = /sess|sid|auth|token|jwt|login|remember/i;
/** What a page has to read by itself to send it back. */
const PAGE_NAME = /csrf|xsrf/i;

/** AN-08. */
export const cookieAttributesCheck: Check = {
  id: 'cookie-attributes',
  requirements: ['AN-08'],
  title: 'A session cookie lacks Secure, HttpOnly or SameSite',
  why: 'Without SameSite the cookie goes along with a WebSocket that any web site opens, without HttpOnly every script of the page reads it, and without Secure it goes over the wire in the clear.',
  cwe: 1275,
  asvs: '3.3.2',
  severity: 'medium',
  confidence: 'certain',
  remediation: {
    nest: `response.cookie('__Host-session', id, { path: '/', secure: true, httpOnly: true, sameSite: 'strict' });`,
    ws: `response.setHeader('Set-Cookie', \`__Host-session=\${id}; Path=/; Secure; HttpOnly; SameSite=Strict\`);`,
    socketIo: `new Server(http, { cookie: { name: '__Host-session', path: '/', secure: true, httpOnly: true, sameSite: 'strict' } });`,
  },
  needsBaseline: false,
  async run({ prober, transcript }) {
    const heads = transcript.received.filter(({ place }) => place === 'answer to a handshake').map(({ text }) => text);
    for (const path of new Set(['/', prober.target.url.pathname])) heads.push(await headOf(prober, path));
    const cookies = heads.flatMap(cookiesOf).filter(({ name }) => isSession(prober, name));
    if (cookies.length === 0)
      return notTested('No session cookie was set, neither by a handshake nor by a page that needs no credential.');
    // One that is set well in one place, and badly in another, is set badly.
    const evidence = new Map<string, Evidence>();
    for (const { name, attributes } of cookies) {
      const missing = missingFrom(attributes, prober);
      // Never the value: it may be a session.
      const got = `Set-Cookie: ${name}=...; ${attributes.join('; ')}`;
      if (missing.length > 0) evidence.set(got, { sent: `no ${missing.join(', no ')}`, got, about: name });
    }
    if (evidence.size > 0) return finding('A session cookie may go where it should not.', [...evidence.values()]);
    const names = [...new Set(cookies.map(({ name }) => name))];
    return passed(`${names.join(', ')}: Secure, HttpOnly and SameSite are set.`);
  },
};

/** A server that answers no page may have set its cookies in the handshake. */
async function headOf(prober: Prober, path: string): Promise<string> {
  try {
    return (await prober.page(path)).head;
  } catch (error) {
    if (error instanceof BudgetSpentError) throw error;
    return '';
  }
}

interface SetCookie {
  readonly name: string;
  /** As they stand there, in their order. */
  readonly attributes: readonly string[];
}

const FIELD = 'set-cookie:';

/** The cookies that a head sets: each time that it does, and not those that it takes away. */
function cookiesOf(head: string): readonly SetCookie[] {
  return head.split('\r\n').flatMap((line) => {
    if (!line.toLowerCase().startsWith(FIELD)) return [];
    const [pair = '', ...attributes] = line
      .slice(FIELD.length)
      .split(';')
      .map((part) => part.trim());
    const equals = pair.indexOf('=');
    const isSet = equals > 0 && equals < pair.length - 1 && !attributes.some(isDeletion);
    return isSet ? [{ name: pair.slice(0, equals), attributes }] : [];
  });
}

/** Whether an attribute says that the cookie is over (RFC 6265 section 5.2). */
function isDeletion(attribute: string): boolean {
  const [name = '', value = ''] = attribute.split('=');
  if (name.toLowerCase() === 'max-age') return Number(value) <= 0;
  return name.toLowerCase() === 'expires' && Date.parse(value) < Date.now();
}

/** Whether a cookie is one that the scan was given, or looks like one. */
function isSession({ identity }: Prober, name: string): boolean {
  const given = (identity.credentials.given.cookie ?? '').split(';').map((pair) => pair.split('=')[0]?.trim());
  return given.includes(name) || (SESSION_NAME.test(name) && !PAGE_NAME.test(name));
}

function missingFrom(attributes: readonly string[], { target }: Prober): readonly string[] {
  const lower = attributes.map((attribute) => attribute.toLowerCase());
  const missing: string[] = [];
  // For a cookie with Secure a browser needs TLS, which there is none of on the machine of a developer.
  if (!lower.includes('secure') && (target.isSecure || !target.isLoopback)) missing.push('Secure');
  if (!lower.includes('httponly')) missing.push('HttpOnly');
  if (!lower.includes('samesite=lax') && !lower.includes('samesite=strict')) missing.push('SameSite=Lax or Strict');
  return missing;
}
