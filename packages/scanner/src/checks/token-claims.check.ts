import { signedTokens } from '../forgery/signed-tokens.js';
import { carriersOf, counts } from '../forgery/token-carriers.js';
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
    const carriers = carriersOf(prober).flatMap((carrier) =>
      carrier.jwt === undefined ? [] : [{ ...carrier, jwt: carrier.jwt }],
    );
    if (signingKey === undefined || carriers.length === 0)
      return notTested('It needs a JWT and the key that it is signed with: --token or --cookie, and --signing-key.');
    const judge = await context.judge();
    if (judge === undefined)
      return notTested('A handshake without any credential is accepted: what a token says cannot be seen to matter.');
    const bad: BadHandshake[] = [];
    for (const carrier of carriers) {
      const { jwt, change, where } = carrier;
      const signed = signedTokens(jwt, signingKey, Math.floor(Date.now() / 1000));
      if (signed === undefined || !(await counts(carrier, judge))) continue;
      const [good, ...wrong] = signed;
      const { isAdmitted, saw } = await judge(change(good));
      if (!isAdmitted)
        return notTested(`The given token${where}, signed once more with --signing-key, was refused (${saw}).`);
      bad.push(...wrong.map(({ id, what, token }): BadHandshake => [`a good signature, and ${what} (${id})${where}`, change(token)])); // prettier-ignore
    }
    if (bad.length === 0)
      return notTested(
        '--signing-key does not fit the algorithm of the token, or the token opens no connection by itself.',
      );
    return tryHandshakes(
      context,
      bad,
      {
        found: 'Tokens with wrong claims were accepted.',
        passed: `${bad.length} tokens with wrong claims were refused.`,
      },
      judge,
    );
  },
};
