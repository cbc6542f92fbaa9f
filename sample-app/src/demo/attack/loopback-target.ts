import { lookup } from 'node:dns/promises';
import { BlockList } from 'node:net';

/** Where the attack goes: a server on this machine, by an address that was looked up once. */
export interface LoopbackTarget {
  /** Such as `https://localhost:3443`. */
  readonly origin: string;
  readonly port: number;
  /** An address of the loopback interface. What the name stands for later is never asked. */
  readonly address: string;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Looks a name up: every address that it has. */
export type Resolve = (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/**
 * Reads the target of the attack.
 *
 * @throws Error for every target that is not on this machine, whatever it is called.
 */
export async function readTarget(
  text: string,
  resolve: Resolve = (hostname) => lookup(hostname, { all: true }),
): Promise<LoopbackTarget> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.pathname !== '/' || url.search !== '') {
    throw new Error(`"${text}" is not an address such as https://localhost:3443.`);
  }
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const found = await resolve(hostname);
  const isLoopback = ({ address, family }: { address: string; family: number }): boolean =>
    LOOPBACK.check(address, family === 6 ? 'ipv6' : 'ipv4');
  const [first] = [...found].sort((a, b) => a.family - b.family);
  if (first === undefined || !found.every(isLoopback)) {
    throw new Error(`${hostname} is not this machine. The demo attacks nothing but a server on a loopback address.`);
  }
  return { origin: url.origin, port: Number(url.port === '' ? 443 : url.port), address: first.address };
}
