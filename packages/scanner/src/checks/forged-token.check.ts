import { forgedTokens, hasWeakSecret } from '../forgery/forged-tokens.js';
import { readJwt } from '../forgery/jwt.js';
import { InconclusiveError } from '../probe/prober.js';
import type { HandshakeChange } from '../probe/handshake-request.js';
import { type Check, type CheckContext, type Evidence, finding, notTested, passed, type Verdict } from './check.js';

/** So many, which the list begins with, have to be refused by a server that then takes no more. */
const MIN_TRIED = 6;

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
    const { token } = context.prober.identity.credentials.given;
    if (token === undefined) return notTested('It takes a token: --token env:NAME.');
    const jwt = readJwt(token);
    const isWeak = jwt !== undefined && hasWeakSecret(jwt) === true;
    if (isWeak) {
      // Seen without a word to the server, which signs with it.
      const evidence = { sent: `${String(jwt.header['alg'])} with a secret of a list of well-known ones`, got: 'the signature of the given token' }; // prettier-ignore
      return finding('The tokens are signed with a secret that everybody knows.', [evidence]);
    }
    return tryTokens(context, [
      { id: 'AN-06', what: 'a text that is no token', token: 'not.a.token' },
      ...(jwt === undefined ? [] : forgedTokens(jwt, context.publicKey)),
    ]);
  },
};

async function tryTokens(
  context: CheckContext,
  forged: readonly { readonly id: string; readonly what: string; readonly token: string }[],
): Promise<Verdict> {
  const judge = await context.judge();
  if (judge === undefined) {
    return notTested('A handshake without any credential is accepted: whether a token is verified cannot be seen.');
  }
  const evidence: Evidence[] = [];
  let tried = 0;
  let isShut = false;
  for (const { id, what, token } of forged) {
    try {
      const change: HandshakeChange = { credentials: 'none', more: [['Authorization', `Bearer ${token}`]], token };
      const { isAdmitted, saw } = await judge(change);
      tried++;
      if (isAdmitted) evidence.push({ sent: `${what} (${id})`, got: saw });
    } catch (error) {
      if (!(error instanceof InconclusiveError)) throw error;
      // A server that slows down who guesses: it is right to.
      isShut = true;
      break;
    }
  }
  if (evidence.length > 0) return finding('A forged token opened a connection.', evidence);
  if (isShut) {
    const says = `${tried} of ${forged.length} forged tokens were refused, and then no more handshakes were taken from here.`;
    return tried >= MIN_TRIED ? passed(says) : notTested(says);
  }
  const { isAdmitted, saw } = await judge({});
  if (!isAdmitted) return notTested(`The good handshake is refused by now (${saw}): the refusals say nothing.`);
  return passed(`${forged.length} forged tokens were refused.`);
}
