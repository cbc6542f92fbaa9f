import { readJwt } from '../forgery/jwt.js';
import { signedTokens } from '../forgery/signed-tokens.js';
import { type BadHandshake, tryHandshakes } from './try-handshakes.js';
import { type Check, notTested } from './check.js';

/** AN-06: J11 to J14, and J17. */
export const tokenClaimsCheck: Check = {
  id: 'token-claims',
  requirements: ['AN-06'],
  title: 'A token is accepted for its signature alone',
  why: 'An issuer signs for many services and for all times: who does not look at aud, iss, exp and nbf takes the token that somebody got for another service, or got long ago.',
  cwe: 1270,
  asvs: '9.2.3',
  severity: 'high',
  confidence: 'certain',
  remediation: {
    nest: `SecureWsModule.forRoot({ authentication: { jwt: { issuer, audience, algorithms: ['RS256'], publicKey } }, ... })`,
    ws: `await jwtVerify(token, key, { algorithms: ['RS256'], issuer, audience, requiredClaims: ['exp'] }); // jose, which looks at crit by itself`,
    socketIo: `io.use(async (socket, next) => { await jwtVerify(socket.handshake.auth.token, key, { algorithms: ['RS256'], issuer, audience, requiredClaims: ['exp'] }); next(); });`,
  },
  needsBaseline: true,
  async run(context) {
    const { prober, signingKey } = context;
    const { token } = prober.identity.credentials.given;
    const jwt = token === undefined ? undefined : readJwt(token);
    if (signingKey === undefined || jwt === undefined)
      return notTested('It takes a JWT and the key that it is signed with: --token and --signing-key.');
    if (await prober.admitsAnybody())
      return notTested('A handshake without any credential is accepted: what a token says cannot matter.');
    const signed = signedTokens(jwt, signingKey, Math.floor(Date.now() / 1000));
    if (signed === undefined) return notTested('--signing-key does not fit the algorithm of the token.');
    const [good, ...bad] = signed;
    const { isAdmitted, saw } = await prober.admits(bearer(good));
    if (!isAdmitted) return notTested(`The given token, signed once more with --signing-key, was refused (${saw}).`);
    return tryHandshakes(
      context,
      bad.map(({ id, what, token: wrong }): BadHandshake => [`a good signature, and ${what} (${id})`, bearer(wrong)]),
      {
        found: 'Tokens with wrong claims were accepted.',
        passed: `${bad.length} tokens with wrong claims were refused.`,
      },
    );
  },
};

const bearer = (token: string): BadHandshake[1] => ({
  credentials: 'none',
  more: [['Authorization', `Bearer ${token}`]],
});
