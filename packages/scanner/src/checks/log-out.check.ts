import { InconclusiveError } from '../probe/inconclusive.js';
import type { Session } from '../probe/session.js';
import { type Check, type CheckContext, type CredentialJudge, finding, notTested, passed } from './check.js';
import { takesAnybody } from './credential-judge.js';
import { answeredMessage } from './known-messages.js';
import { tryEach } from './try-each.js';

/** SL-04. */
export const logOutCheck: Check = {
  id: 'log-out',
  requirements: ['SL-04'],
  title: 'Logging out ends nothing',
  why: 'Whoever logs out, or is logged out after his password was stolen, believes that it is over. A connection that goes on belongs to whoever has it.',
  cwe: 613,
  asvs: '7.4.1',
  severity: 'high',
  confidence: 'certain',
  remediation: {
    nest: `await this.revocations.logOut({ issuer, sessionId }); // WsRevocationService: on every node, and for new handshakes`,
    ws: `for (const socket of socketsOf.get(sessionId) ?? []) socket.close(4401, 'logged out'); // on every node, by pub/sub`,
    socketIo: `io.in(\`session:\${sessionId}\`).disconnectSockets(true);`,
  },
  needsBaseline: true,
  async run(context) {
    const { logOut, prober, talk } = context;
    if (logOut === undefined) return notTested('It needs a command that logs the account out: --logout-command.');
    const judge = await context.judge();
    if (judge === undefined)
      return notTested('A handshake without any credential is accepted: whether a session is over cannot be seen.');
    // Where a message is what tells, the connection of a session that is over may stay, and is answered nothing.
    const message = (await takesAnybody(prober)) ? await answeredMessage(context) : undefined;
    using session = await talk();
    if (!(await session.isAlive()))
      return notTested('The server answers no ping: whether the connection is open cannot be seen.');
    await logOut();
    const hasEnded = await session.endsWithin(prober.answerMs);
    const things = [
      {
        what: 'a message on the connection of a session that is over',
        attempt: () => answerTo(context, session, message),
      },
      { what: 'a handshake with the credential of a session that is over', attempt: () => admission(judge) },
    ];
    const { evidence, untried } = await tryEach(things, ({ attempt }) => attempt());
    if (evidence.length > 0) return finding('Something of the session outlived the log-out.', evidence);
    if (untried !== undefined) return notTested(untried);
    return passed(`The log-out ended the session${hasEnded ? ` and its connection (close ${session.closed?.code})` : ''}, and its credential opens no other.`); // prettier-ignore
  },
};

/** What the connection still gives; `undefined` where it has ended, or refuses the message that tells. */
async function answerTo(
  { dialect }: CheckContext,
  session: Session,
  message: string | undefined,
): Promise<string | undefined> {
  if (session.closed !== undefined) return undefined;
  if (message === undefined) {
    if (await session.isAlive()) return 'a pong to a ping';
    if (session.closed !== undefined) return undefined;
    throw new InconclusiveError('The server answers no ping any more: whether the connection is open cannot be seen.');
  }
  const answers = (await session.ask(message)).filter((frame) => dialect.isAnswer(frame));
  const good = answers.find((frame) => !dialect.isRefusal(frame));
  if (good === undefined && answers.length === 0 && session.closed === undefined)
    throw new InconclusiveError('The server says nothing to a message that it answered before.');
  return good;
}

async function admission(judge: CredentialJudge): Promise<string | undefined> {
  const { isAdmitted, saw } = await judge({});
  return isAdmitted ? saw : undefined;
}
