import { readFile, stat } from 'node:fs/promises';

/** Who may send an event by the policy lock. */
export interface DeclaredAccess {
  /**
   * `unknown`: the lock has no such event. `closed`: nobody. `public`: everybody. `roles`: who is logged in, with roles or scopes
   * where it says so. `judged`: a policy looks at each message, so that it depends on whose record it is about.
   */
  readonly kind: 'unknown' | 'closed' | 'public' | 'roles' | 'judged';
  /** The same in words. */
  readonly says: string;
}

/** What a policy lock says of one endpoint, by event. */
export type DeclaredEvents = ReadonlyMap<string, DeclaredAccess>;

const MAX_BYTES = 16_777_216;
const UNKNOWN: DeclaredAccess = { kind: 'unknown', says: 'not declared' };

/** What is declared for an event. */
export function declaredAccess(events: DeclaredEvents, event: string | undefined): DeclaredAccess {
  return (event === undefined ? undefined : events.get(event)) ?? UNKNOWN;
}

/**
 * Reads who may send what from `secure-ws.lock.json`, which `secure-ws policy --write` makes.
 *
 * @param path of the target: the events of its endpoints are taken, those of all namespaces together.
 * @param mayLack whether there may be no endpoint of that path: then nothing is declared there.
 * @throws TypeError for what is no policy lock, or has no endpoint of that path.
 */
export async function readDeclaredEvents(file: string, path: string, mayLack = false): Promise<DeclaredEvents> {
  const { endpoints } = fieldsOf(await jsonOf(file));
  if (!Array.isArray(endpoints)) {
    throw new TypeError(`--lock ${file} is not a policy lock: "npx secure-ws policy --write" makes one.`);
  }
  const own = endpoints.map(fieldsOf).filter((endpoint) => plainPath(textOf(endpoint['path'])) === plainPath(path));
  if (own.length === 0 && !mayLack) {
    const known = endpoints.map((endpoint) => textOf(fieldsOf(endpoint)['path'])).join(', ');
    throw new TypeError(`--lock ${file} has no endpoint ${path}: it has ${known}.`);
  }
  const events = own.flatMap(({ events: listed }) => (Array.isArray(listed) ? listed.map(fieldsOf) : []));
  return new Map(events.map(({ event, access }) => [textOf(event), accessOf(fieldsOf(access))]));
}

function accessOf(access: Readonly<Record<string, unknown>>): DeclaredAccess {
  if (access['closed'] === true) return { kind: 'closed', says: 'nobody' };
  if (access['public'] === true) return { kind: 'public', says: 'everybody' };
  const { all } = access;
  // A form of a later release: it says nothing that could be relied on.
  if (!Array.isArray(all)) return UNKNOWN;
  if (all.length === 0) return { kind: 'roles', says: 'logged in' };
  const says = all.map(wordsOf).join(' and ');
  return { kind: all.some(isJudged) ? 'judged' : 'roles', says };
}

/** Whether a policy is asked somewhere in a requirement. */
function isJudged(requirement: unknown): boolean {
  const { policy, anyOf, allOf } = fieldsOf(requirement);
  return policy !== undefined || [anyOf, allOf].some((list) => Array.isArray(list) && list.some(isJudged));
}

function wordsOf(requirement: unknown): string {
  const { policy, roles, scope, anyOf, allOf, loginMs } = fieldsOf(requirement);
  if (policy !== undefined) return textOf(policy);
  if (Array.isArray(roles)) return `role ${roles.map(textOf).join(' or ')}`;
  if (scope !== undefined) return `scope ${textOf(scope)}`;
  if (Array.isArray(anyOf)) return `(${anyOf.map(wordsOf).join(' or ')})`;
  if (Array.isArray(allOf)) return `(${allOf.map(wordsOf).join(' and ')})`;
  return loginMs === undefined ? 'a rule of the application' : 'a recent log-in';
}

async function jsonOf(file: string): Promise<unknown> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw Object.assign(new Error(), { code: `it is larger than ${MAX_BYTES} bytes` });
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (cause) {
    const { code = 'it is not JSON' } = cause as NodeJS.ErrnoException;
    throw new TypeError(`--lock ${file} cannot be read: ${code}.`, { cause });
  }
}

const plainPath = (path: string): string => path.replace(/\/+$/, '');

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
