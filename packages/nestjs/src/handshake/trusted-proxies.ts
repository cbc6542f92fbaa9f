import { BlockList, isIP } from 'node:net';
import { HTTP_TOKEN } from '../core/http-syntax.js';
import { isPlainObject, type OptionReader } from '../core/option-reader.js';
import { type CertificateFields, type ForwardingHeader, type ProxyRules } from './client-address.js';

/** `handshake.trustedProxies`: whose word about the client is believed. */
export interface TrustedProxies {
  /**
   * The addresses of the proxies that this server is reached through, each as an IP address or a CIDR range; `'unix'` for
   * a proxy that connects through a Unix socket.
   */
  readonly addresses: readonly string[];
  /**
   * The one family of fields that the proxies write, overwriting or appending to what a client sent: `'x-forwarded-for'`
   * (with `X-Forwarded-Proto`), `'forwarded'` (RFC 7239), or `'x-real-ip'` (with `X-Forwarded-Proto`).
   */
  readonly header: ForwardingHeader;
  /**
   * The two fields by which the proxies pass on the certificate of their client, for `authentication.clientCertificate` and
   * for tokens that are bound to a certificate. They must overwrite both, also where the client has none.
   */
  readonly clientCertificate?: ForwardedCertificateOptions;
}

/** `handshake.trustedProxies.clientCertificate`. */
export interface ForwardedCertificateOptions {
  /**
   * The name of the field with the certificate: PEM with percent-encoding (`$ssl_client_escaped_cert` of nginx), or DER in
   * base64 (`ssl_c_der,base64` of HAProxy).
   */
  readonly certificate: string;
  /** The name of the field that says `SUCCESS` where the proxy has verified it; every other word is a no. */
  readonly verified: string;
}

/** Wider ranges hold strangers: whoever connects from one could write any address and any protocol. */
const SHORTEST_PREFIX: Readonly<Record<number, number>> = Object.freeze({ 4: 8, 6: 16 });

/** A peer on a Unix socket has no address. */
const UNIX = 'unix';

const EXAMPLE = "{ addresses: ['10.0.0.0/8'], header: 'x-forwarded-for' }";

/**
 * Reads `handshake.trustedProxies`. Problems go to the reader; nothing is thrown.
 *
 * In production the decision is demanded: behind a proxy that nobody listed, all clients would share one address and its
 * limits; and a proxy that is believed without being there lets every client write its own address (ASVS 5.0 4.1.3).
 *
 * @returns `undefined` for `'none'`, and where the option is wrong.
 */
export function readTrustedProxies(reader: OptionReader, isProduction: boolean): ProxyRules | undefined {
  const value = reader.raw('trustedProxies');
  const path = reader.pathOf('trustedProxies');
  if (value === 'none' || (value === undefined && !isProduction)) return undefined;
  if (value === undefined) {
    const problem = 'is undecided, and NODE_ENV is production: say whether clients reach this server through a proxy.';
    return reader.refuse('trustedProxies', problem, `'none', or ${path}: ${EXAMPLE}`);
  }
  if (!isPlainObject(value)) {
    const problem = "must be 'none', or the proxies and the one field that they write.";
    return reader.refuse('trustedProxies', problem, EXAMPLE);
  }
  const level = reader.object('trustedProxies');
  const addresses = level.strings('addresses');
  if (addresses === undefined ? !level.has('addresses') : addresses.length === 0) {
    level.fail('addresses', 'lists no proxy.', `${path}: ${EXAMPLE}, or ${path}: 'none'`);
  }
  if (!level.has('header')) {
    level.fail('header', 'is missing: a field that no proxy overwrites is the client’s own.', `${path}: ${EXAMPLE}`);
  }
  const header = level.oneOf('header', ['x-forwarded-for', 'forwarded', 'x-real-ip'], 'x-forwarded-for');
  const clientCertificate = level.has('clientCertificate')
    ? readCertificateFields(level.object('clientCertificate'))
    : undefined;
  level.finish();
  const list = new BlockList();
  for (const [index, address] of (addresses ?? []).entries()) {
    if (address !== UNIX) addRange(level, list, address, index);
  }
  const trustsUnix = addresses?.includes(UNIX) === true;
  return Object.freeze({
    header,
    clientCertificate,
    isTrusted: (address: string) => {
      if (address === '') return trustsUnix;
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
    },
  });
}

function readCertificateFields(reader: OptionReader): CertificateFields | undefined {
  const fix = `${reader.path}: { certificate: 'x-ssl-client-cert', verified: 'x-ssl-client-verify' }`;
  const [certificate, verified] = (['certificate', 'verified'] as const).map((name) => {
    const value = reader.raw(name);
    if (typeof value === 'string' && HTTP_TOKEN.test(value)) return value.toLowerCase();
    reader.fail(name, 'must be the name of the field that the proxies write.', fix);
    return undefined;
  });
  reader.finish();
  if (certificate === undefined || verified === undefined) return undefined;
  if (certificate === verified) reader.fail('verified', 'is the field of the certificate itself.', fix);
  return Object.freeze({ certificate, verified });
}

function addRange(reader: OptionReader, list: BlockList, text: string, index: number): void {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (family === 0 || rest.length > 0 || address.includes('%') || !(length <= bits)) {
    const fix = `${reader.pathOf('addresses')}: ['10.0.0.7', '10.1.0.0/16']`;
    return reader.fail(`addresses[${index}]`, "must be an IP address, a CIDR range or 'unix'.", fix);
  }
  const shortest = SHORTEST_PREFIX[family] ?? bits;
  if (length < shortest) {
    const problem = `trusts more addresses than a network of proxies has: /${length} is wider than /${shortest}.`;
    const fix = 'list the proxies themselves, or the subnet that only they are in';
    return reader.fail(`addresses[${index}]`, problem, fix);
  }
  list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
}
