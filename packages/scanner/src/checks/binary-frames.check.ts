import { type Check, finding, notTested, passed } from './check.js';
import { answeredMessage } from './known-messages.js';

/** MV-11. */
export const binaryFramesCheck: Check = {
  id: 'binary-frames',
  requirements: ['MV-11'],
  title: 'Text that comes as binary is handled',
  why: 'Firewalls and filters that look at text frames do not see it, and bytes that are no UTF-8 get to what expects a text.',
  cwe: 436,
  asvs: '2.2.1',
  severity: 'low',
  confidence: 'certain',
  remediation: {
    nest: 'SecureWsModule closes such a connection with 1003, unless a handler takes binary messages: import it.',
    ws: `socket.on('message', (data, isBinary) => { if (isBinary) return socket.close(1003); });`,
    socketIo:
      'Socket.IO takes binary frames as attachments of an event alone: look for a server of your own beside it.',
  },
  needsBaseline: true,
  async run(context) {
    const { dialect, talk } = context;
    const message = await answeredMessage(context);
    if (message === undefined) return notTested('It needs a message that the server answers: --messages.');
    using session = await talk();
    // In a text frame, on the same connection: else its end would say nothing of the binary one.
    const whole = await session.ask(dialect.again(message, 0));
    if (!whole.some((frame) => dialect.isAnswer(frame) && !dialect.isRefusal(frame)))
      return notTested('The server does not answer the message as it is any more.');
    session.sendBinary(dialect.again(message, 1));
    const answers = (await session.ask()).filter((frame) => dialect.isAnswer(frame));
    const good = answers.find((frame) => !dialect.isRefusal(frame));
    if (good !== undefined) {
      return finding('A message in a binary frame was answered as one in a text frame is.', [
        { sent: `in a binary frame: ${message}`, got: good },
      ]);
    }
    if (session.closed !== undefined)
      return passed(`A binary frame ended the connection: close ${session.closed.code}.`);
    if (answers.length > 0) return passed('A message in a binary frame was refused.');
    return notTested('A message in a binary frame got no answer, and the connection stayed.');
  },
};
