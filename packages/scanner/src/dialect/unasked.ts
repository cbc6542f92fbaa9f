import type { Prober } from '../probe/prober.js';
import { answerShape } from './answer-shape.js';
import { type Dialect, jsonObject } from './dialect.js';

/**
 * A dialect in which what the server says without being asked, such as prices or who is online, is no answer to anything.
 *
 * @throws InconclusiveError where the target does not accept a session.
 */
export async function withoutUnasked(prober: Prober, dialect: Dialect): Promise<Dialect> {
  using session = await prober.session();
  const unasked = new Set((await session.ask()).filter((frame) => dialect.isAnswer(frame)).map(shapeOf));
  if (unasked.size === 0) return dialect;
  return { ...dialect, isAnswer: (frame) => dialect.isAnswer(frame) && !unasked.has(shapeOf(frame)) };
}

/** The same for the same kind of message, whatever its values are. */
function shapeOf(frame: string): string {
  const object = jsonObject(frame);
  if (object === undefined) return answerShape(frame);
  return JSON.stringify([Object.keys(object).sort(), object['type'], object['event']]);
}
