import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/** Certificate authorities, and a context of TLS with them: reading a hundred of them for each connection takes its time. */
export interface TrustedAuthorities {
  /** In PEM. */
  readonly ca: readonly string[];
  readonly context: SecureContext;
}

/** An authority in PEM, beside those that Node has. */
export function trustedWith(own: string): TrustedAuthorities {
  const ca = [...rootCertificates, own];
  return { ca, context: createSecureContext({ ca }) };
}

/** The one endpoint that a scan may touch. */
export interface ScanTarget {
  readonly url: URL;
  readonly isSecure: boolean;
  /** Without brackets, as `net.connect()` takes it. */
  readonly hostname: string;
  readonly port: number;
  /** The path with its query: what the request line says. */
  readonly path: string;
  /** What the `Host` field says. */
  readonly host: string;
  readonly isLoopback: boolean;
  /** The URL for a report: the values of its query may be credentials, and are left out. */
  readonly shown: string;
  /** What its chain may end in; without it what Node trusts by itself. */
  readonly trusted?: TrustedAuthorities;
}

/** Whether the caller may scan other machines than this one. */
export interface Consent {
  /** Says that the owner of the host has agreed. @default false */
  readonly isAllowed: boolean;
}

/**
 * Reads the endpoint to scan.
 *
 * @throws TypeError for anything but a `ws://` or `wss://` URL, and for a host other than this machine without consent.
 */
export function readTarget(text: string, { isAllowed }: Consent): ScanTarget {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['ws:', 'wss:'].includes(url.protocol)) {
    throw new TypeError('The target is a URL that begins with ws:// or wss://, such as wss://api.example.com/orders.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('The target holds a password. Give credentials as --token env:NAME or --cookie env:NAME.');
  }
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const isLoopback = hostname === 'localhost' || hostname === '::1' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
  if (!isLoopback && !isAllowed) {
    throw new TypeError(
      `${url.host} is not this machine. A scan is an attack: run it only with the consent of the owner, and say so with --i-am-allowed.`,
    );
  }
  const isSecure = url.protocol === 'wss:';
  const query = [...new Set(url.searchParams.keys())].map((name) => `${encodeURIComponent(name)}=...`).join('&');
  return {
    url,
    isSecure,
    hostname,
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    host: url.host,
    isLoopback,
    shown: `${url.protocol}//${url.host}${url.pathname}${query === '' ? '' : `?${query}`}`,
  };
}
