import { randomBytes } from 'node:crypto';
import { reactionsTo } from '../matrix/build-matrix.js';
import { type Check, type CheckContext, type Evidence, finding, notTested, passed } from './check.js';
import { isForOnce } from './known-messages.js';

const MAX_MESSAGES = 3;

/** RI-01. */
export const replayCheck: Check = {
  id: 'replay',
  requirements: ['RI-01'],
  title: 'A message with a nonce is taken twice',
  why: 'A nonce, a sequence or a signature keeps nobody from sending the same message once more, unless the server remembers it, on every connection and every node.',
  cwe: 294,
  asvs: '2.3.3',
  severity: 'medium',
  confidence: 'firm',
  remediation: {
    nest: `@SubscribeMessage('order.pay')
async pay(@WsPrincipal() { id }: Principal, @MessageBody() { nonce }: Payment) {
  if (!(await redis.set(\`nonce:\${id}:\${nonce}\`, 1, 'NX', 'PX', WINDOW_MS))) throw new WsException('REPLAYED');
}`,
    ws: `if (!(await redis.set(\`nonce:\${userId}:\${nonce}\`, 1, 'NX', 'PX', WINDOW_MS))) return socket.close(1008);`,
    socketIo: `if (!(await redis.set(\`nonce:\${userId}:\${nonce}\`, 1, 'NX', 'PX', WINDOW_MS))) return socket.disconnect(true);`,
  },
  needsBaseline: true,
  async run(context) {
    const messages = context.messages.filter(isForOnce).slice(0, MAX_MESSAGES);
    if (messages.length === 0)
      return notTested('It needs a message with a nonce, a sequence or a signature in it: --messages.');
    const evidence: Evidence[] = [];
    let refused = 0;
    for (const message of messages) {
      // By who captured it, and for the matrix, each has been sent before.
      const [, second] = await reactionsTo(context, 'given', [message, message]);
      const [elsewhere] = await reactionsTo(context, 'given', [message]);
      const again = [
        ...answered('twice on one connection', message, second),
        ...answered('once more on another connection', message, elsewhere),
      ];
      evidence.push(...again);
      const isRefused = [second, elsewhere].every((one) => one?.kind === 'refused' || one?.kind === 'closed');
      if (isRefused && (await isTakenOnce(context, message))) refused++;
    }
    if (evidence.length > 0) return finding('A message that must be taken once was answered again.', evidence);
    if (refused < messages.length)
      return notTested(`${refused} of ${messages.length} messages with a nonce were refused again: the others are never answered, not even with a nonce that is new.`); // prettier-ignore
    return passed(`${messages.length} messages with a nonce were refused the second time.`);
  },
};

/** Whether it is answered the first time: when the matrix was built, or now with another nonce. */
async function isTakenOnce(context: CheckContext, message: string): Promise<boolean> {
  const row = (await context.matrix()).rows.find((each) => each.message === message);
  if (row?.reactions.given?.kind === 'answered') return true;
  const fresh = message.replace(NONCE, (_, name: string) => `${name}"${randomBytes(12).toString('hex')}"`);
  const [reaction] = fresh === message ? [] : await reactionsTo(context, 'given', [fresh]);
  return reaction?.kind === 'answered';
}

/** A nonce that nobody has signed may be changed. */
const NONCE = /("nonce"\s{0,8}:\s{0,8})(?:"[^"\\]*"|\d+)/;

function answered(
  how: string,
  message: string,
  reaction: { readonly kind: string; readonly shows: string } | undefined,
): readonly Evidence[] {
  const sent = `${how}: ${message}`;
  return reaction?.kind === 'answered' ? [{ sent, got: reaction.shows, about: sent }] : [];
}
