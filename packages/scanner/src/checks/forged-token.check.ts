import { forgedTokens, hasWeakSecret } from '../forgery/forged-tokens.js';
import { carriersOf, counts, type TokenCarrier } from '../forgery/token-carriers.js';
import { type Check, type CheckContext, finding, notTested, type Verdict } from './check.js';
import { type BadHandshake, tryHandshakes } from './try-handshakes.js';

/** AN-06: J01, J02, J04, J05, J08, J09 and J10. */
export const forgedTokenCheck: Check = {
  id: 'forged-token',
  requirements: ['AN-06'],
  title: 'A token that nobody has issued is accepted',
  why: 'Whoever can write a token is whoever he wants to be. A server must take the algorithm and the key from its own configuration, and never from the token.',
  cwe: 347,
  asvs: '9.1.1',
  severity: 'critical',
  confidence: 'certain',
  remediation: {
    nest: `SecureWsModule.forRoot({ authentication: { jwt: { issuer, audience, algorithms: ['RS256'], publicKey } }, ... })`,
    ws: `await jwtVerify(token, key, { algorithms: ['RS256'], issuer, audience }); // jose; a secret of 256 random bits where it is HS256`,
    socketIo: `io.use(async (socket, next) => { await jwtVerify(socket.handshake.auth.token, key, { algorithms: ['RS256'], issuer, audience }); next(); });`,
  },
  needsBaseline: true,
  async run(context) {
    const carriers = carriersOf(context.prober);
    if (carriers.length === 0)
      return notTested('It needs a token, or a cookie that holds a JWT: --token env:NAME, --cookie env:NAME.');
    for (const { jwt } of carriers) {
      if (jwt === undefined || hasWeakSecret(jwt) !== true) continue;
      // Seen without a word to the server, which signs with it.
      const evidence = { sent: `${String(jwt.header['alg'])} with a secret of a list of well-known ones`, got: 'the signature of the given token', about: 'J09' }; // prettier-ignore
      return finding('The tokens are signed with a secret that everybody knows.', [evidence]);
    }
    return tryTokens(context, carriers);
  },
};

async function tryTokens(context: CheckContext, carriers: readonly TokenCarrier[]): Promise<Verdict> {
  const judge = await context.judge();
  if (judge === undefined) {
    return notTested('A handshake without any credential is accepted: whether a token is verified cannot be seen.');
  }
  const things: BadHandshake[] = [];
  for (const carrier of carriers) {
    if (await counts(carrier, judge)) things.push(...forgeriesFor(carrier, context.publicKey));
  }
  if (things.length === 0)
    return notTested(
      'The token opens no connection by itself, or the rest opens one without it: its forgeries say nothing.',
    );
  const texts = {
    found: 'A forged token opened a connection.',
    passed: `${things.length} forged tokens were refused.`,
  };
  return tryHandshakes(context, things, texts, judge);
}

/** What nobody has issued, in the place of a token. */
function forgeriesFor({ jwt, where, change }: TokenCarrier, publicKey: string | undefined): readonly BadHandshake[] {
  const forged = [
    { id: 'AN-06', what: 'a text that is no token', token: 'not.a.token' },
    ...(jwt === undefined ? [] : forgedTokens(jwt, publicKey)),
  ];
  return forged.map(({ id, what, token }) => [`${what}${where} (${id})`, change(token)]);
}
