import type { HandshakeChange } from '../probe/handshake-request.js';
import { InconclusiveError } from '../probe/inconclusive.js';
import type { Prober } from '../probe/prober.js';
import { hasCredential } from '../scope/credentials.js';
import { openingParameters } from '../scope/query-credentials.js';
import type { CheckContext, CredentialJudge } from './check.js';
import { isForOnce } from './known-messages.js';

/** Captured messages that are looked at. */
const MAX_MESSAGES = 5;

/**
 * Finds out where the target looks at credentials: at the handshake, at the opening of its dialect, or only at a message, as
 * a guard of Nest does. There, one that the first account is answered and nobody is refused tells a good credential.
 *
 * @returns `undefined` where nobody is refused anything: then nothing tells.
 */
export async function credentialJudge(context: CheckContext): Promise<CredentialJudge | undefined> {
  const { prober } = context;
  if (!(await takesAnybody(prober))) return (change) => prober.admits(change);
  const message = await tellingMessage(context);
  return message === undefined ? undefined : (change) => judgeBy(context, message, change);
}

/** Whether connections are taken without any credential: then they, by themselves, tell nothing of who may stay. */
export async function takesAnybody(prober: Prober): Promise<boolean> {
  return (await prober.admits({ credentials: 'none' })).isAdmitted;
}

/** The first message that the first account is answered, and nobody is refused. */
async function tellingMessage(context: CheckContext): Promise<string | undefined> {
  const { messages, messageAs, prober } = context;
  const isInQuery = openingParameters(prober.target.url).length > 0;
  if (!hasCredential(prober.identity.credentials.given) && !isInQuery) return undefined;
  for (const message of messages.slice(0, MAX_MESSAGES)) {
    // One that carries the token says who sends it, whatever the handshake says.
    if (messageAs(message, 'none') !== message) continue;
    // One that is taken once is refused to whoever sends it next.
    if (isForOnce(message)) continue;
    const given = await reactionTo(context, message, {});
    if (given === 'answered' && (await reactionTo(context, message, { credentials: 'none' })) === 'refused')
      return message;
  }
  return undefined;
}

async function judgeBy(context: CheckContext, message: string, change: HandshakeChange): ReturnType<CredentialJudge> {
  const admission = await context.prober.admits(change);
  if (!admission.isAdmitted) return admission;
  const reaction = await reactionTo(context, message, change);
  if (reaction === 'silent')
    throw new InconclusiveError('The server says nothing to a message that it refused before.');
  return { isAdmitted: reaction === 'answered', saw: `101, and a message was ${reaction}` };
}

async function reactionTo(
  { prober, dialect }: CheckContext,
  message: string,
  change: HandshakeChange,
): Promise<'answered' | 'refused' | 'silent'> {
  using session = await prober.session(change);
  const answers = (await session.ask(message)).filter((frame) => dialect.isAnswer(frame));
  if (answers.some((frame) => !dialect.isRefusal(frame))) return 'answered';
  return answers.length > 0 || session.closed !== undefined ? 'refused' : 'silent';
}
