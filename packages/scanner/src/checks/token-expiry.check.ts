import { readJwt } from '../forgery/jwt.js';
import { takesAnybody } from './credential-judge.js';
import { type Check, finding, notTested, passed } from './check.js';

const MAX_WAIT_MS = 120_000;
/** A connection that ends so much before its token ends for another reason. */
const EARLY_MS = 2000;

/** SL-01. */
export const tokenExpiryCheck: Check = {
  id: 'token-expiry',
  requirements: ['SL-01'],
  title: 'A connection outlives its token',
  why: 'The token is read at the handshake, and never again: whoever has stolen one keeps the connection for days, and so does whoever has lost his rights.',
  cwe: 613,
  asvs: '7.3.2',
  severity: 'high',
  confidence: 'certain',
  remediation: {
    nest: 'SecureWsModule closes the connection when its token expires: import it.',
    ws: `const timer = setTimeout(() => socket.close(4401, 'expired'), Math.min(claims.exp * 1000 - Date.now(), 2_147_483_647));
socket.once('close', () => clearTimeout(timer));`,
    socketIo: `const timer = setTimeout(() => socket.disconnect(true), Math.min(claims.exp * 1000 - Date.now(), 2_147_483_647));
socket.once('disconnect', () => clearTimeout(timer));`,
  },
  needsBaseline: true,
  async run({ prober, talk }) {
    const { token } = prober.identity.credentials.expiring;
    if (token === undefined)
      return notTested('It needs a token that expires within two minutes: --token-expiring env:NAME.');
    const exp = Number(readJwt(token)?.claims['exp']);
    const leftMs = exp * 1000 - Date.now();
    if (!(leftMs > 0 && leftMs <= MAX_WAIT_MS))
      return notTested(
        'The token of --token-expiring is no JWT, has expired already, or holds for more than two minutes.',
      );
    if (await takesAnybody(prober))
      return notTested('Connections are taken without a credential: that one stays open says nothing of its token.');
    using session = await talk('expiring');
    if (!(await session.isAlive()))
      return notTested('The token of --token-expiring keeps no connection open, or the server answers no ping.');
    // The clocks of both may differ a little.
    const hasEnded = await session.endsWithin(exp * 1000 - Date.now() + prober.answerMs);
    const lateMs = Math.round(Date.now() - exp * 1000);
    if (hasEnded) {
      const code = session.closed?.code;
      if (lateMs < -EARLY_MS) return notTested(`The connection ended before its token did: close ${code}.`);
      return passed(`The connection ended with its token: close ${code}.`);
    }
    if (!(await session.isAlive()))
      return notTested('The server answers no ping any more: whether the connection is open cannot be seen.');
    return finding('A connection stayed open when its token had expired.', [
      { sent: 'a ping on a connection whose token has expired', got: `a pong, ${Math.round(lateMs / 1000)} s later` },
    ]);
  },
};
