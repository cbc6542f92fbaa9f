import type { AuthenticationFailure } from '../authentication-failures.js';

/** What a sender is told (RFC 8935 section 2.3): one of the words that it registers, and a fixed sentence. */
export interface SetError {
  readonly err: 'invalid_request' | 'invalid_key' | 'invalid_issuer' | 'invalid_audience';
  readonly description: string;
}

const error = (err: SetError['err'], description: string): SetError => Object.freeze({ err, description });

const INVALID_REQUEST = error('invalid_request', 'The request is no security event token that can be taken.');
const INVALID_KEY = error('invalid_key', 'The key or the algorithm of the token is not accepted.');

const ERRORS: ReadonlyMap<AuthenticationFailure, SetError> = new Map([
  ['bad-issuer', error('invalid_issuer', 'The issuer is not accepted.')],
  ['bad-audience', error('invalid_audience', 'The token is not for this audience.')],
  ['bad-signature', INVALID_KEY],
  ['bad-algorithm', INVALID_KEY],
  ['unknown-key', INVALID_KEY],
]);

/** What is answered with `400`. Why else a token is refused stands in the audit alone. */
export function setErrorOf(failure: AuthenticationFailure): SetError {
  return ERRORS.get(failure) ?? INVALID_REQUEST;
}
