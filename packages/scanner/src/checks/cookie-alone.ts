import type { HandshakeChange } from '../probe/handshake-request.js';
import { type CheckContext, type CredentialJudge, notTested, passed, type Verdict } from './check.js';
import { refusedByNow } from './try-handshakes.js';

/**
 * Goes on with a handshake that has the cookie of `--cookie` and no token: all that a browser sends along by itself. Where
 * the cookie opens no connection from the good Origin, no page can make use of it.
 */
export async function withCookieAlone(
  { prober }: CheckContext,
  judge: CredentialJudge,
  goOn: (alone: HandshakeChange) => Promise<Verdict>,
): Promise<Verdict> {
  const { cookie, token, subprotocol } = prober.identity.credentials.given;
  if (cookie === undefined) return notTested('It needs a cookie: --cookie env:NAME.');
  const alone: HandshakeChange = { credentials: 'none', more: [['Cookie', cookie]] };
  // Without a token the good handshake is this one.
  if (token === undefined && subprotocol === undefined) return goOn(alone);
  const { isAdmitted, saw } = await judge(alone);
  if (isAdmitted) return goOn(alone);
  const shut = await refusedByNow(judge);
  if (shut !== undefined) return shut;
  // Nor a while behind a good one: a limit may have said no.
  await prober.pause(prober.settleMs);
  if ((await judge(alone)).isAdmitted) return goOn(alone);
  return (await refusedByNow(judge)) ?? passed(`The cookie opens no connection by itself: ${saw}.`);
}
