import { type FrameShape, OPCODES, writeFrame } from '../probe/frames.js';
import { InconclusiveError } from '../probe/prober.js';
import { type Check, type CheckContext, type Evidence, finding, notTested, passed } from './check.js';

/** What RFC 6455 section 5 says must end the connection. */
const BROKEN: readonly (readonly [what: string, frame: FrameShape])[] = [
  ['a text frame without a mask', { opcode: OPCODES.text, payload: '{}', isMasked: false }],
  ['a text frame with RSV1 set, and no extension', { opcode: OPCODES.text, payload: '{}', reserved: 0x40 }],
  ['a frame with the reserved opcode 3', { opcode: 3, payload: '{}' }],
  ['a ping in fragments', { opcode: OPCODES.ping, payload: 'x', isFinal: false }],
  ['a ping of 126 bytes', { opcode: OPCODES.ping, payload: 'x'.repeat(126) }],
  ['a continuation of nothing', { opcode: OPCODES.continuation, payload: '{}' }],
  ['a text that is not UTF-8', { opcode: OPCODES.text, payload: Buffer.from([0xc3, 0x28]) }],
];

/** So many have to end their connections on a server that then takes no more. */
const MIN_TRIED = 4;

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
    const evidence: Evidence[] = [];
    let tried = 0;
    let isShut = false;
    try {
      for (const [sent, frame] of BROKEN) {
        context.transcript.note(sent);
        if (await answersBehind(context, frame)) evidence.push({ sent, got: 'a pong to the ping behind it' });
        tried++;
      }
    } catch (error) {
      if (!(error instanceof InconclusiveError)) throw error;
      // A server that keeps away who breaks frames: it is right to.
      isShut = true;
    }
    if (evidence.length > 0) return finding('Frames that must end the connection did not.', evidence);
    if (!isShut) return passed('Every broken frame ended its connection.');
    const says = `${tried} of ${BROKEN.length} broken frames ended their connections, and then no more handshakes were taken from here.`;
    return tried >= MIN_TRIED ? passed(says) : notTested(says);
  },
};

/** Whether a ping is answered that follows a frame. */
async function answersBehind({ prober }: CheckContext, frame?: FrameShape): Promise<boolean> {
  const { connection, answer } = await prober.open();
  using _ = connection;
  if (!answer.isAccepted) return false;
  const before = frame === undefined ? [] : [writeFrame(frame)];
  connection.write(Buffer.concat([...before, writeFrame({ opcode: OPCODES.ping, payload: MARK })]));
  const deadline = performance.now() + prober.answerMs;
  for (;;) {
    const received = await connection.frameBy(deadline);
    if (received === undefined || received.opcode === OPCODES.close) return false;
    if (received.opcode === OPCODES.pong && received.payload.toString() === MARK) return true;
  }
}
