import type { Clock } from './clock.js';

/**
 * Waits for a result, but not for ever.
 *
 * @throws Error when the time is over, and whatever the work rejects with before. A rejection that comes later is
 * nobody's.
 */
export async function withTimeout<T>(work: Promise<T>, timeoutMs: number, clock: Clock): Promise<T> {
  let cancel = (): void => undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(timeoutMs, () => {
      reject(new Error('There was no answer in time.'));
    });
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    cancel();
  }
}
