import type { Dialect, Opened } from '../dialect/dialect.js';
import { OPCODES } from './frames.js';
import { InconclusiveError } from './inconclusive.js';
import type { RawConnection } from './raw-connection.js';
import type { SessionPatience } from './session.js';
import type { Transcript } from './transcript.js';

/** What the ping says that was sent, and so its pong. */
export const PING = 'scan';

/** Frames of a server that talks before it answers the opening. */
const MAX_HEARD = 20;

/**
 * How a connection ends within a moment, on which the opening of a dialect and a ping were sent; `undefined` where it stays.
 *
 * @param dialect `undefined` where there was nothing to say but the ping.
 * @throws InconclusiveError where the opening is not answered.
 */
export async function endOf(
  connection: RawConnection,
  dialect: Dialect | undefined,
  transcript: Transcript,
  { answerMs, settleMs }: SessionPatience,
): Promise<string | undefined> {
  let deadline = performance.now() + answerMs;
  const heard: string[] = [];
  let opened: Opened = dialect === undefined ? 'taken' : 'unanswered';
  for (;;) {
    const frame = await connection.frameBy(deadline);
    if (frame === undefined && connection.hasEnded) return 'the end of the connection';
    if (frame === undefined && opened === 'unanswered')
      throw new InconclusiveError(`The server does not answer the opening of ${dialect?.id}.`);
    if (frame === undefined) return undefined;
    if (frame.opcode === OPCODES.close) {
      return `close ${frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 'without a code'}`;
    }
    if (frame.opcode === OPCODES.text) {
      const text = frame.payload.toString();
      transcript.receive('message', text);
      if (opened === 'unanswered') opened = dialect?.opened([...heard, text]) ?? 'taken';
      if (heard.length < MAX_HEARD) heard.push(text);
      if (opened === 'refused') return 'a refusal of the opening';
    }
    // A server that decides after the upgrade may take a little longer than its pong; others it may send by itself.
    if (
      (frame.opcode === OPCODES.pong && frame.payload.toString() === PING) ||
      (frame.opcode === OPCODES.text && opened === 'taken' && dialect !== undefined)
    ) {
      if (opened !== 'unanswered') deadline = Math.min(deadline, performance.now() + settleMs);
    }
  }
}
