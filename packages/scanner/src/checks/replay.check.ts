import { reactionsTo } from '../matrix/build-matrix.js';
import { type Check, type Evidence, finding, notTested, passed } from './check.js';
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
      return notTested('It takes a message with a nonce, a sequence or a signature in it: --messages.');
    // Each has been sent before, by who captured it.
    const twice = await reactionsTo(context, 'given', messages.flatMap((message) => [message, message])); // prettier-ignore
    const elsewhere = await reactionsTo(context, 'given', messages);
    const evidence: Evidence[] = messages.flatMap((message, index) => [
      ...answered('twice on one connection', message, twice[index * 2 + 1]),
      ...answered('once more on another connection', message, elsewhere[index]),
    ]);
    if (evidence.length > 0) return finding('A message that must be taken once was answered again.', evidence);
    if (!elsewhere.some(({ kind }) => kind === 'refused' || kind === 'closed'))
      return notTested('The server said nothing to the messages.');
    return passed(`${messages.length} messages with a nonce were refused the second time.`);
  },
};

function answered(
  how: string,
  message: string,
  reaction: { readonly kind: string; readonly shows: string } | undefined,
): readonly Evidence[] {
  return reaction?.kind === 'answered' ? [{ sent: `${how}: ${message}`, got: reaction.shows }] : [];
}
