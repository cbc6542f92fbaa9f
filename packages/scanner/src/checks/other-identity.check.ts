import { declaredAccess } from '../matrix/declared-access.js';
import type { MatrixRow } from '../matrix/matrix.js';
import { type Check, type CheckContext, finding, notTested, passed } from './check.js';

/** AZ-04. */
export const otherIdentityCheck: Check = {
  id: 'other-identity',
  requirements: ['AZ-04'],
  title: 'Messages about somebody’s records are answered to somebody else',
  why: 'Whoever has an account changes the ids in a message until something comes: broken object level authorization, the first of the OWASP API Top 10. Every message needs a look at whose record it names.',
  cwe: 639,
  asvs: '8.2.2',
  severity: 'high',
  confidence: 'firm',
  remediation: {
    nest: `@WsAuthorize(OrderOwner) // authorize() looks the order up, and answers order.userId === context.principal.id
@SubscribeMessage('order.cancel')`,
    ws: `const order = await orders.find(data.orderId);
if (order?.userId !== socket.userId) return send({ event: 'error', data: { code: 'FORBIDDEN' } }); // the same for one that is not there`,
    socketIo: `const order = await orders.find(data.orderId);
if (order?.userId !== socket.data.userId) return acknowledge({ code: 'FORBIDDEN' }); // the same for one that is not there`,
  },
  needsBaseline: true,
  async run(context) {
    const { messages, identities } = context;
    if (!identities.includes('other')) return notTested('It needs a second account: --token-b or --cookie-b.');
    if (messages.length === 0) return notTested('It needs messages about records of the first account: --messages.');
    const rows = (await context.matrix()).rows.filter((row) => isOwn(context, row));
    if (rows.length === 0) {
      return notTested('None of the messages was answered to the first account and is about records of its own.');
    }
    const answered = rows.filter(({ reactions }) => reactions.other?.kind === 'answered');
    if (answered.length > 0) {
      // Only the application knows whether a record belongs to both; where its lock names a policy, one should have refused.
      const isSure = answered.some(({ event }) => context.lock !== undefined && declaredAccess(context.lock, event).kind === 'judged'); // prettier-ignore
      return finding(
        `The second account was answered ${answered.length} of ${rows.length} messages of the first one. Where it may send them, name the event with --shared.`,
        answered.map(({ event, message, reactions }) => ({
          sent: `as B: ${message}`,
          got: reactions.other?.shows ?? '',
          about: event ?? message,
        })),
        { confidence: isSure ? 'firm' : 'tentative' },
      );
    }
    const untried = rows.find(({ reactions }) => reactions.other?.kind === 'not-tried')?.reactions.other?.shows;
    if (untried !== undefined) return notTested(`The second account could not send all of the messages: ${untried}`);
    // Silence, and a credential that opens no connection, say nothing of who may send what.
    const refused = rows.filter(({ reactions }) => ['refused', 'closed'].includes(reactions.other?.kind ?? ''));
    if (refused.length === 0) {
      const { shows = '' } = rows[0]?.reactions.other ?? {};
      return notTested(`The second account was refused nothing, and answered nothing: ${shows}`);
    }
    const silent = rows.filter(({ reactions }) => reactions.other?.kind === 'silent');
    if (silent.length > 0) {
      const names = silent.map(({ event, message }) => event ?? message).join(', ');
      return notTested(
        `The second account was refused ${refused.length} of ${rows.length} messages, and the server said nothing to others (${names}): whether it did what they ask for cannot be seen.`,
      );
    }
    return passed(`The second account was refused ${refused.length} of ${rows.length} messages, and answered none.`);
  },
};

/** Whether a message was answered to A, and is not for everybody by what the user or the lock says. */
function isOwn({ shared, lock, messageAs }: CheckContext, { event, message, reactions }: MatrixRow): boolean {
  if (reactions.given?.kind !== 'answered' || (event !== undefined && shared.includes(event))) return false;
  // With a token in it, B has sent another one than A: his own.
  if (messageAs(message, 'other') !== message) return false;
  return lock === undefined || ['judged', 'unknown'].includes(declaredAccess(lock, event).kind);
}
