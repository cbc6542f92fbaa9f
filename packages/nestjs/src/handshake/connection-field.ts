/** What a `Connection` field asks for. */
export interface ConnectionField {
  readonly asksForUpgrade: boolean;
  /** Whether they make a proxy remove what says who the client is, or which page it comes from. */
  readonly stripsProtectedField: boolean;
}

const PROTECTED = new Set(['host', 'origin', 'authorization', 'cookie', 'forwarded', 'via', 'proxy-authorization']);

/**
 * Of fields that proxies write: `X-Forwarded-For`, `X-Real-IP`, `CF-Connecting-IP`, `SSL-Client-Verify`, `Client-Cert` (RFC
 * 9440), ... and of the handshake's own. No field that is meant for one hop alone begins like this.
 */
const PROTECTED_PREFIXES = ['x-', 'sec-', 'cf-', 'ssl-', 'client-', 'true-client-'] as const;

/**
 * Reads a `Connection` field. A proxy removes every field that it names before it passes a request on (RFC 9110 section
 * 7.6.1): a client that names `X-Forwarded-For` there takes away what the proxy in front has written (hop-by-hop abuse).
 */
export function readConnectionField(field: string | undefined, alsoProtected: readonly string[] = []): ConnectionField {
  let asksForUpgrade = false;
  let stripsProtectedField = false;
  for (const option of field?.split(',') ?? []) {
    const name = option.trim().toLowerCase();
    if (name === 'upgrade') asksForUpgrade = true;
    else stripsProtectedField ||= isProtected(name) || alsoProtected.includes(name);
  }
  return { asksForUpgrade, stripsProtectedField };
}

const isProtected = (name: string): boolean =>
  PROTECTED.has(name) || PROTECTED_PREFIXES.some((prefix) => name.startsWith(prefix));
