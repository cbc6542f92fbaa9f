/** The parts of a JSON Web Token in the compact form (RFC 7519). */
export interface Jwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Header and claims as they stand in the token: what the signature is of. */
  readonly signed: string;
  /** As it stands in the token. */
  readonly signature: string;
}

/** Reads a token without verifying it. @returns `undefined` for what is no JWT: opaque tokens are none. */
export function readJwt(token: string): Jwt | undefined {
  const [header, claims, signature, ...more] = token.split('.');
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0) return undefined;
  const parts = [objectOf(header), objectOf(claims)];
  const [readHeader, readClaims] = parts;
  if (readHeader === undefined || readClaims === undefined) return undefined;
  return { header: readHeader, claims: readClaims, signed: `${header}.${claims}`, signature };
}

/** A text or an object as a segment of a token. */
export function segment(value: string | object): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

function objectOf(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
