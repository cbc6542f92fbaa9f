import { BootProblems, SecureWsBootError } from '../../core/boot-problems.js';
import { OptionReader } from '../../core/option-reader.js';
import type { Principal } from '../../core/principal.js';
import { readRemoteUrl } from '../../core/remote-url.js';

/** An object of OpenFGA, such as `{ type: 'document', id: '42' }`, which it writes as `document:42`. */
export interface OpenFgaObject {
  readonly type: string;
  readonly id: string;
}

/** What an `OpenFgaApi` takes. `undefined` is what a variable of the environment that is not set gives; it stops the boot. */
export interface OpenFgaOptions {
  /** Where the server is: `https`, or `http` on this machine. */
  readonly url: string | undefined;
  /** The id of the store. */
  readonly storeId: string | undefined;
  /** The id of the authorization model. Without it the newest one decides, from the moment that somebody writes it. */
  readonly modelId?: string | undefined;
  /** The preshared key or access token, sent as a bearer token. Leave it out where the server asks for none. */
  readonly apiToken?: string | undefined;
  /**
   * The user of a principal, such as `({ id }) => ({ type: 'user', id })`. `principal.id` is enough where there is one issuer
   * and no tenant.
   */
  readonly user: (principal: Principal) => OpenFgaObject;
  /**
   * `MINIMIZE_LATENCY` lets the server answer from its cache: a relation that was taken away may hold on for as long.
   *
   * @default 'HIGHER_CONSISTENCY'
   */
  readonly consistency?: 'HIGHER_CONSISTENCY' | 'MINIMIZE_LATENCY';
  /** The longest wait for an answer, in milliseconds; below `authorization.policyTimeoutMs`. @default 2000 */
  readonly timeoutMs?: number;
  /** The largest answer, in bytes. @default 16384 */
  readonly maxBytes?: number;
}

/** {@link OpenFgaOptions}, checked and filled in. */
export interface ResolvedOpenFgaOptions extends Required<
  Pick<OpenFgaOptions, 'user' | 'consistency' | 'timeoutMs' | 'maxBytes'>
> {
  readonly checkUrl: URL;
  readonly modelId: string | undefined;
  readonly apiToken: string | undefined;
}

/** A ULID. */
const ID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const ID_EXAMPLE = "'01ARZ3NDEKTSV4RRFFQ69G5FAV'";
/** What may stand behind `Bearer` (RFC 6750, section 2.1). */
const TOKEN = /^[\w.~+/-]+=*$/;

/** Checks the options. @throws {SecureWsBootError} with every problem. */
export function resolveOpenFgaOptions(options: OpenFgaOptions): ResolvedOpenFgaOptions {
  const problems = new BootProblems();
  const reader = new OptionReader(options ?? {}, 'OpenFgaApi', problems);
  // http on this machine is a sidecar, in production too; elsewhere it would carry the token in the clear.
  const url = readRemoteUrl(reader.raw('url'), { isProduction: false });
  if (typeof url === 'string') reader.refuse('url', url, "'https://openfga.example.com'");
  const storeId = idOf(reader, 'storeId', true);
  const modelId = idOf(reader, 'modelId', false);
  const isToken = (value: unknown): value is string => typeof value === 'string' && TOKEN.test(value);
  const apiToken = reader.checked('apiToken', isToken, 'must be a bearer token', 'process.env.OPENFGA_API_TOKEN');
  for (const name of ['modelId', 'apiToken']) {
    if (!Object.hasOwn(options ?? {}, name) || reader.has(name)) continue;
    const problem = 'is undefined. If it comes from the environment, the variable is not set.';
    reader.refuse(name, problem, `process.env.OPENFGA_${name === 'modelId' ? 'MODEL_ID' : 'API_TOKEN'}`);
  }
  const user = reader.callback<OpenFgaOptions['user']>('user');
  if (user === undefined && !reader.has('user'))
    reader.refuse('user', 'is missing.', "({ id }) => ({ type: 'user', id })");
  const consistency = reader.oneOf('consistency', ['HIGHER_CONSISTENCY', 'MINIMIZE_LATENCY'], 'HIGHER_CONSISTENCY');
  const timeoutMs = reader.ms('timeoutMs', 2_000, { max: 30_000 });
  const maxBytes = reader.count('maxBytes', 16_384, { min: 256, max: 1_048_576 });
  reader.finish();
  if (problems.problems.length > 0 || typeof url === 'string' || user === undefined) {
    throw new SecureWsBootError(problems.problems);
  }
  const base = url.href.endsWith('/') ? url : new URL(`${url.origin}${url.pathname}/`);
  const checkUrl = new URL(`stores/${storeId}/check`, base);
  return { checkUrl, modelId, apiToken, user, consistency, timeoutMs, maxBytes };
}

function idOf(reader: OptionReader, name: 'storeId' | 'modelId', isRequired: boolean): string | undefined {
  const isId = (value: unknown): value is string => typeof value === 'string' && ID.test(value);
  const id = reader.checked(name, isId, 'must be an id of OpenFGA, 26 characters', ID_EXAMPLE);
  if (isRequired && id === undefined && !reader.has(name)) reader.refuse(name, 'is missing.', ID_EXAMPLE);
  return id;
}
