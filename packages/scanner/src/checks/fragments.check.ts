import { NO_CLOSE_FRAME } from '../probe/session.js';
import { type Check, finding, notTested, passed } from './check.js';
import { answeredMessage } from './known-messages.js';

/** No client of good faith cuts a message into so many, and `ws` takes three times as many by default. */
const COUNT = 5000;

/** DR-02. */
export const fragmentsCheck: Check = {
  id: 'fragments',
  requirements: ['DR-02'],
  title: 'A message may come in thousands of fragments',
  why: 'The server keeps each fragment with its own record until the last one has come, so that a few bytes cost hundreds; an empty one counts toward no limit of size.',
  cwe: 770,
  asvs: '15.2.2',
  severity: 'low',
  confidence: 'certain',
  remediation: {
    nest: `@WebSocketGateway({ maxFragments: 64 }) // SecureWsModule: validation.maxFragments`,
    ws: 'new WebSocketServer({ maxFragments: 64, maxBufferedChunks: 256 });',
    socketIo: 'Put the options of ws into wsEngine: a WebSocketServer of your own with maxFragments.',
  },
  needsBaseline: true,
  async run(context) {
    const { dialect, talk } = context;
    const message = await answeredMessage(context);
    if (message === undefined) return notTested('It needs a message that the server answers: --messages.');
    using session = await talk();
    const whole = await session.ask(dialect.again(message, 0));
    if (!whole.some((frame) => dialect.isAnswer(frame) && !dialect.isRefusal(frame)))
      return notTested('The server does not answer the message as it is any more.');
    using bystander = await talk();
    session.sendInFragments(dialect.again(message, 1), COUNT);
    const answers = (await session.ask()).filter((frame) => dialect.isAnswer(frame));
    const good = answers.find((frame) => !dialect.isRefusal(frame));
    if (good !== undefined)
      return finding(`A message in ${COUNT} fragments was answered.`, [
        { sent: `in ${COUNT} fragments: ${message}`, got: good },
      ]);
    const { closed } = session;
    // What comes behind the end is in the way of its close frame: where another connection stays, it was this one alone.
    if (closed?.code === NO_CLOSE_FRAME && !(await bystander.isAlive()))
      return notTested(`A message in ${COUNT} fragments ended another connection as well.`);
    if (closed !== undefined)
      return passed(`A message in ${COUNT} fragments ended the connection: close ${closed.code}.`);
    if (answers.length > 0) return passed(`A message in ${COUNT} fragments was refused.`);
    return notTested(`A message in ${COUNT} fragments got no answer, and the connection stayed.`);
  },
};
