import type { Field } from '../probe/handshake-request.js';
import type { Prober } from '../probe/prober.js';
import { type Jwt, readJwt } from './jwt.js';

/** Where a handshake carries a token. */
export interface TokenCarrier {
  /** `undefined` for a token that is opaque. */
  readonly jwt: Jwt | undefined;
  /** For the report: `, in the cookie jwt`. Nothing for the usual place. */
  readonly where: string;
  /** The field with another token in the place of the given one. */
  readonly fieldWith: (token: string) => Field;
  /** Whether it is the token that a dialect sends in its opening as well. */
  readonly isOpening: boolean;
}

/** The token of `--token`, and each JWT in a cookie of `--cookie`. */
export function carriersOf({ identity }: Prober): readonly TokenCarrier[] {
  const { token, cookie = '' } = identity.credentials.given;
  const bearer: readonly TokenCarrier[] =
    token === undefined
      ? []
      : [
          {
            jwt: readJwt(token),
            where: '',
            fieldWith: (other) => ['Authorization', `Bearer ${other}`],
            isOpening: true,
          },
        ];
  const pairs = cookie.split(';').map((pair) => pair.trim());
  const inCookies = pairs.flatMap((pair, index): readonly TokenCarrier[] => {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(pair) ?? [];
    const jwt = readJwt(value);
    if (jwt === undefined) return [];
    const fieldWith = (other: string): Field => ['Cookie', pairs.with(index, `${name}=${other}`).join('; ')];
    return [{ jwt, where: `, in the cookie ${name}`, fieldWith, isOpening: false }];
  });
  return [...bearer, ...inCookies];
}
