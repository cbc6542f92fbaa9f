import { UNKNOWN_EVENT } from '../dialect/recognise.js';
import { HandshakeRefusedError, TooManyHandshakesError } from '../probe/inconclusive.js';
import { type Check, type CheckContext, finding, notTested, passed, type Verdict } from './check.js';
import { FewMessages } from './few-messages.js';

/** A person sends a few a second. */
const COUNT = 250;
const SAMPLE = 3;
/** A server that says more than this to so many messages is heard out for long enough. */
const MAX_ANSWERS = 10 * COUNT;

/** DR-05. */
export const messageRateCheck: Check = {
  id: 'message-rate',
  requirements: ['DR-05'],
  title: 'Messages are taken at any rate',
  why: 'One connection keeps a process busy that serves thousands, and guesses what a message may guess.',
  cwe: 770,
  asvs: '2.4.1',
  severity: 'low',
  confidence: 'firm',
  remediation: {
    nest: 'Import SecureWsModule: 40 messages in a second, 200 in ten; @WsThrottle({ limit: 20, ttl: seconds(10) }) for one event.',
    ws: `const allows = bucket({ perSecond: 20 });
socket.on('message', () => allows() || socket.close(1008));`,
    socketIo: `socket.use((_, next) => next(allows(socket.id) ? undefined : new Error('THROTTLED')));`,
  },
  needsBaseline: true,
  isDisruptive: true,
  async run({ prober, dialect, messages, talk }) {
    const message = messages[0] ?? dialect.message(UNKNOWN_EVENT, {});
    using session = await talk();
    const asked = async (...count: readonly number[]): Promise<readonly string[]> =>
      (await session.ask(...count.map((each) => dialect.again(message, each)))).filter(dialect.isAnswer);
    const samples: (readonly string[])[] = [];
    for (let index = 0; index < SAMPLE; index++) samples.push(await asked(index));
    if (session.closed !== undefined) return notTested('The server ends the connection after a message or two.');
    const few = new FewMessages(samples, message, dialect);
    if (few.isLimited) return notTested('The server says already to a message or two that they are too many.');
    // What comes by itself by now, such as prices that the message has subscribed to, would be counted.
    const isTalking = (await asked()).length > 0;
    const answers = [...(await asked(...Array.from({ length: COUNT }, (_, index) => SAMPLE + index)))];
    // A slow server is no limit: what still comes is waited for, as long as for any answer.
    let quietMs = 0;
    while (quietMs < prober.answerMs && answers.length < MAX_ANSWERS && session.closed === undefined) {
      const start = performance.now();
      const more = await asked();
      answers.push(...more);
      // One that talks by itself is never quiet.
      quietMs = more.length > 0 && !isTalking ? 0 : quietMs + performance.now() - start;
    }
    const end = session.closed as { readonly code: number } | undefined;
    if (end !== undefined) return endedBy(talk, `${COUNT} messages at once ended the connection: close ${end.code}`);
    if (few.areRefusedOtherwise(answers)) return passed(`${COUNT} messages at once were refused otherwise than a few.`);
    if (few.most === 0)
      return notTested('The server says nothing to the message: whether it is handled cannot be seen (--messages).');
    if (isTalking)
      return notTested('The server says more than it is asked: its answers cannot be counted (--messages).');
    if (!few.isSteady) return notTested('The server refuses a few of the messages in different ways.');
    if (answers.length < few.least * COUNT)
      return passed(`${COUNT} messages at once got ${answers.length} answers, fewer than a few of them get.`);
    if (answers.length < few.most * COUNT)
      return notTested(
        'The server answers a few of the messages more often than others: its answers cannot be counted (--messages).',
      );
    return finding(`${COUNT} messages at once were all answered.`, [
      { sent: `${COUNT} times ${message}`, got: `${answers.length} answers` },
    ]);
  },
};

/** A limit ends one connection; a server that is gone by now has had none. */
async function endedBy(talk: CheckContext['talk'], says: string): Promise<Verdict> {
  try {
    using _ = await talk();
  } catch (error) {
    // Whoever floods is kept away: that is a limit as well.
    if (!(error instanceof TooManyHandshakesError || error instanceof HandshakeRefusedError))
      return notTested(`${says}, and no other was accepted then: that need not be a limit.`);
  }
  return passed(`${says}.`);
}
