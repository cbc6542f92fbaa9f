import type { CheckContext } from '../checks/check.js';
import { HandshakeRefusedError, InconclusiveError, OpeningRefusedError } from '../probe/inconclusive.js';
import type { Session } from '../probe/session.js';
import type { Who } from '../scope/credentials.js';
import { declaredAccess } from './declared-access.js';
import type { HeardReaction, Matrix, Reaction } from './matrix.js';

/**
 * Sends every captured message as each identity. One identity after the other, so that the answers of A are from before
 * anybody else has tried to change what they are about; and one connection for all messages of an identity, while it stays.
 *
 * @throws BudgetSpentError
 */
export async function buildMatrix(context: CheckContext): Promise<Matrix> {
  const { messages, dialect, identities, lock } = context;
  const reactions = new Map<Who, readonly Reaction[]>();
  for (const who of identities)
    reactions.set(
      who,
      (await reactionsTo(context, who, messages)).map(({ kind, shows }) => ({ kind, shows })),
    );
  return {
    columns: identities,
    rows: messages.map((message, index) => {
      const event = dialect.eventOf(message);
      return {
        event,
        message,
        declared: lock === undefined ? undefined : declaredAccess(lock, event).says,
        reactions: Object.fromEntries(identities.map((who) => [who, reactions.get(who)?.[index]])),
      };
    }),
  };
}

/** What somebody gets for messages, sent one after the other on one connection, or on another one where it ends. */
export async function reactionsTo(
  context: CheckContext,
  who: Who,
  messages: readonly string[],
): Promise<readonly HeardReaction[]> {
  const reactions: HeardReaction[] = [];
  let session: Session | undefined;
  try {
    for (const message of messages) {
      if (session === undefined || session.closed !== undefined) {
        session?.[Symbol.dispose]();
        const opened = await openAs(context, who);
        // Who is not let in is not let in for the next message either; and who was let in before is not refused for who he is.
        if ('kind' in opened) {
          const kind = reactions.length > 0 ? 'not-tried' : opened.kind;
          const reaction: HeardReaction = { ...opened, kind, heard: [] };
          return [...reactions, ...messages.slice(reactions.length).map(() => reaction)];
        }
        session = opened;
      }
      reactions.push(await reactionTo(context, session, context.messageAs(message, who)));
    }
    return reactions;
  } finally {
    session?.[Symbol.dispose]();
  }
}

async function openAs({ talk }: CheckContext, who: Who): Promise<Session | Reaction> {
  try {
    const session = await talk(who);
    const { closed } = session;
    if (closed === undefined) return session;
    session[Symbol.dispose]();
    // Decided after the upgrade.
    return { kind: 'not-admitted', shows: `close ${closed.code}` };
  } catch (error) {
    if (!(error instanceof InconclusiveError)) throw error;
    const isRefused = error instanceof OpeningRefusedError || error instanceof HandshakeRefusedError;
    return { kind: isRefused ? 'not-admitted' : 'not-tried', shows: error.message };
  }
}

async function reactionTo({ dialect }: CheckContext, session: Session, message: string): Promise<HeardReaction> {
  const heard = await session.ask(message);
  const answers = heard.filter((frame) => dialect.isAnswer(frame));
  const good = answers.find((frame) => !dialect.isRefusal(frame));
  if (good !== undefined) return { kind: 'answered', shows: good, heard };
  const [refusal] = answers;
  if (refusal !== undefined) return { kind: 'refused', shows: refusal, heard };
  if (session.closed !== undefined) return { kind: 'closed', shows: `close ${session.closed.code}`, heard };
  return { kind: 'silent', shows: 'nothing', heard };
}
