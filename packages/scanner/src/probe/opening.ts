import type { Dialect } from '../dialect/dialect.js';
import { InconclusiveError, OpeningRefusedError } from './inconclusive.js';
import type { Session } from './session.js';

/**
 * Waits for what the target says to the opening of a dialect, which a session has sent.
 *
 * @param heard what came by now.
 * @param ms how much longer it is waited for.
 * @throws OpeningRefusedError
 * @throws InconclusiveError where it says nothing.
 */
export async function waitUntilOpened(
  session: Session,
  dialect: Dialect,
  heard: readonly string[],
  ms: number,
): Promise<void> {
  const deadline = performance.now() + ms;
  const frames = [...heard];
  for (;;) {
    const state = dialect.opened(frames);
    const { closed } = session;
    if (closed !== undefined || state === 'refused') {
      const end = closed === undefined ? '' : `: close ${closed.code}`;
      throw new OpeningRefusedError(`The server refused the opening of ${dialect.id}${end}.`);
    }
    if (state === 'taken') return;
    if (performance.now() >= deadline) {
      throw new InconclusiveError(`The server does not answer the opening of ${dialect.id}.`);
    }
    // Who looks a token up may take longer than a handler does.
    frames.push(...(await session.ask()));
  }
}
