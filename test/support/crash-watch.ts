import { onTestFinished } from 'vitest';

/**
 * Records what would end a Node process: uncaught exceptions and unhandled rejections.
 *
 * Vitest fails a run for them too, but only as a whole: this lets the test that provoked one fail.
 *
 * @returns the list, which grows until the test ends. Ask it after a round trip, when the event loop has gone round.
 */
export function watchForCrashes(): readonly unknown[] {
  const crashes: unknown[] = [];
  const record = (error: unknown): void => {
    crashes.push(error);
  };
  process.on('uncaughtException', record);
  process.on('unhandledRejection', record);
  onTestFinished(() => {
    process.off('uncaughtException', record);
    process.off('unhandledRejection', record);
  });
  return crashes;
}
