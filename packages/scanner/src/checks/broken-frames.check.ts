import { type FrameShape, OPCODES } from '../probe/frames.js';
import { InconclusiveError } from '../probe/inconclusive.js';
import { type Check, type CheckContext, finding, notTested, passed } from './check.js';
import { tryEach } from './try-each.js';
import { ofAll } from './try-handshakes.js';

/** What RFC 6455 section 5 says must end the connection, around a text that the server takes. */
const brokenTexts = (payload: string): readonly (readonly [what: string, frame: FrameShape])[] => [
  ['a text frame without a mask', { opcode: OPCODES.text, payload, isMasked: false }],
  ['a text frame with RSV1 set, and no extension', { opcode: OPCODES.text, payload, reserved: 0x40 }],
];

/** The same, whatever is in them. */
const BROKEN: readonly (readonly [what: string, frame: FrameShape])[] = [
  ['a frame with the reserved opcode 3', { opcode: 3, payload: '{}' }],
  ['a ping in fragments', { opcode: OPCODES.ping, payload: 'x', isFinal: false }],
  ['a ping of 126 bytes', { opcode: OPCODES.ping, payload: 'x'.repeat(126) }],
  ['a continuation of nothing', { opcode: OPCODES.continuation, payload: '{}' }],
  ['a text that is not UTF-8', { opcode: OPCODES.text, payload: Buffer.from([0xc3, 0x28]) }],
];

const MARK = 'still-there';

/** TR-07. */
export const brokenFramesCheck: Check = {
  id: 'broken-frames',
  requirements: ['TR-07'],
  title: 'Broken frames are taken',
  why: 'The mask keeps pages from writing what a proxy takes for a request of its own; and a server that guesses what a broken frame means reads something else than what checked it.',
  cwe: 20,
  asvs: '2.2.1',
  severity: 'medium',
  confidence: 'certain',
  remediation: {
    nest: 'Use the ws adapter of Nest, or SecureWsModule: both close such connections with 1002 and 1007.',
    ws: 'new WebSocketServer({ skipUTF8Validation: false }); // the default',
    socketIo: `new Server(http, { wsEngine: WebSocketServer }); // that of ws, the default`,
  },
  needsBaseline: true,
  async run(context) {
    // A server that answers no ping at all would pass for one that refuses everything.
    if (!(await answersBehind(context)))
      return notTested('The server answers no ping: whether it took a frame cannot be seen.');
    // A server that ends the connection at the text itself would seem to refuse every frame around it.
    const payload = await takenText(context);
    const broken = [...(payload === undefined ? [] : brokenTexts(payload)), ...BROKEN];
    const things = broken.map(([what, frame]) => ({ what, frame }));
    const { evidence, refused, untried } = await tryEach(things, async ({ frame }) =>
      (await answersBehind(context, frame)) ? 'a pong to the ping behind it' : undefined,
    );
    if (evidence.length > 0) return finding('Frames that must end the connection did not.', evidence);
    if (untried !== undefined) return notTested(`${ofAll(refused, things.length)}${untried}`);
    if (!(await answersBehind(context)))
      return notTested('By now the server ends good connections as well: the ends of the others say nothing.');
    const without = payload === undefined ? '; those around a text were not tried, as the server takes no text that the scan knows' : ''; // prettier-ignore
    return passed(`Every broken frame ended its connection${without}.`);
  },
};

/** A text after which the server keeps the connection. */
async function takenText(context: CheckContext): Promise<string | undefined> {
  const { dialect, messages } = context;
  for (const payload of [dialect.heartbeat, messages[0], '{}']) {
    if (payload !== undefined && (await answersBehind(context, { opcode: OPCODES.text, payload }))) return payload;
  }
  return undefined;
}

/** Whether a ping is answered that follows a frame. @throws InconclusiveError where the connection does not end either. */
async function answersBehind({ prober, dialect }: CheckContext, frame?: FrameShape): Promise<boolean> {
  const { connection, answer } = await prober.open();
  using _ = connection;
  if (!answer.isAccepted) throw new InconclusiveError(`The good handshake was answered with ${answer.status}.`);
  const opening = dialect.opening(prober.identity.credentials.given.token);
  const before = opening.map((payload): FrameShape => ({ opcode: OPCODES.text, payload }));
  connection.send(...before, ...(frame === undefined ? [] : [frame]), { opcode: OPCODES.ping, payload: MARK });
  const deadline = performance.now() + prober.answerMs;
  for (;;) {
    const received = await connection.frameBy(deadline);
    if (received?.opcode === OPCODES.close || (received === undefined && connection.hasEnded)) return false;
    if (received === undefined)
      throw new InconclusiveError('The server neither ended the connection nor answered behind it.');
    if (received.opcode === OPCODES.pong && received.payload.toString() === MARK) return true;
  }
}
