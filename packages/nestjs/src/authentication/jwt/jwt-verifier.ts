import { JwtService } from '@nestjs/jwt';
import type { AuthenticationFailure } from '../authentication-failures.js';
import type { JwtKeyAlgorithm } from './jwt-algorithm.js';
import type { JwtKey } from './jwt-key.options.js';

/** Whose tokens a {@link JwtVerifier} verifies, and for whom they must be. */
export interface JwtVerifierScope {
  readonly issuer: string;
  readonly audience: readonly string[];
}

/** What is known of a token whose signature is good. */
export interface VerifiedSignature {
  /** The `kid` of the key that signed it; `undefined` for the only key of its issuer. */
  readonly keyId: string | undefined;
}

/** Verifies signatures with one key and its one algorithm, through a `JwtService` of its own. */
export class JwtVerifier {
  readonly kid: string | undefined;
  readonly algorithm: JwtKeyAlgorithm;
  readonly #service: JwtService;

  constructor({ kid, algorithm, key }: JwtKey, { issuer, audience }: JwtVerifierScope) {
    this.kid = kid;
    this.algorithm = algorithm;
    const [firstAudience, ...otherAudiences] = audience;
    // The library skips a check whose option is missing, and so would take tokens of every issuer for everybody.
    if (issuer === '' || firstAudience === undefined) {
      throw new TypeError('A JwtVerifier needs an issuer and an audience.');
    }
    this.#service = new JwtService({
      ...(key.type === 'secret' ? { secret: key } : { publicKey: key }),
      verifyOptions: {
        algorithms: [algorithm],
        issuer,
        audience: [firstAudience, ...otherAudiences],
        // Dates are judged by our own clock and more strictly; the library would take the machine's.
        ignoreExpiration: true,
        ignoreNotBefore: true,
      },
    });
  }

  /** Verifies a token that passed the prescreen: signature, algorithm, issuer and audience. Never throws. */
  verify(token: string): AuthenticationFailure | undefined {
    try {
      // Synchronous: verifyAsync adds three promises and verifies on this thread just the same.
      const claims: unknown = this.#service.verify<Record<string, unknown>>(token);
      return typeof claims === 'object' && claims !== null ? undefined : 'malformed';
    } catch (error) {
      return failureOf(error);
    }
  }
}

/** The text only chooses the word for the audit; whatever it says, the token is refused. */
function failureOf(error: unknown): AuthenticationFailure {
  const text = error instanceof Error ? error.message : '';
  if (text.startsWith('jwt audience invalid')) return 'bad-audience';
  return text.startsWith('jwt issuer invalid') ? 'bad-issuer' : 'bad-signature';
}
