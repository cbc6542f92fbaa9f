import type { CredentialJudge } from '../checks/check.js';
import type { HandshakeChange } from '../probe/handshake-request.js';
import type { Prober } from '../probe/prober.js';
import { type Jwt, readJwt } from './jwt.js';

/** Where a handshake carries a token. */
export interface TokenCarrier {
  /** The given one. */
  readonly token: string;
  /** `undefined` for a token that is opaque. */
  readonly jwt: Jwt | undefined;
  /** For the report: `, in the cookie jwt`. Nothing for the usual place. */
  readonly where: string;
  /** A handshake with another token in the place of the given one, and no other credential. */
  readonly change: (token: string) => HandshakeChange;
  /** The same without any token. */
  readonly without: HandshakeChange;
}

/** The token of `--token`, and each JWT in a cookie of `--cookie`. */
export function carriersOf({ identity }: Prober): readonly TokenCarrier[] {
  const { token, cookie = '' } = identity.credentials.given;
  const bearer = (other: string): HandshakeChange => ({
    credentials: 'none',
    more: [['Authorization', `Bearer ${other}`]],
    token: other,
  });
  const pairs = cookie.split(';').map((pair) => pair.trim());
  const cookies = (changed: readonly string[]): HandshakeChange => ({
    credentials: 'none',
    more: changed.length === 0 ? [] : [['Cookie', changed.join('; ')]],
  });
  const inCookies = pairs.flatMap((pair, index): readonly TokenCarrier[] => {
    const equals = pair.indexOf('=');
    const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    const jwt = readJwt(value);
    if (equals < 1 || jwt === undefined) return [];
    const change = (other: string): HandshakeChange => cookies(pairs.with(index, `${name}=${other}`));
    return [
      { token: value, jwt, where: `, in the cookie ${name}`, change, without: cookies(pairs.toSpliced(index, 1)) },
    ];
  });
  if (token === undefined) return inCookies;
  return [{ token, jwt: readJwt(token), where: '', change: bearer, without: { credentials: 'none' } }, ...inCookies];
}

/** Whether a token opens a connection by itself, and none does without it: else nothing that is sent in its place says anything. */
export async function counts({ token, change, without }: TokenCarrier, judge: CredentialJudge): Promise<boolean> {
  return (await judge(change(token))).isAdmitted && !(await judge(without)).isAdmitted;
}
