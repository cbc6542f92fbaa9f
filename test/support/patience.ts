/**
 * How long a test waits for something before it fails, in milliseconds. Never a delay: what happens ends the wait. Short of a test's own timeout, and long
 * enough for a machine that is busy with something else.
 */
export const PATIENCE_MS = 15_000;

/**
 * Waits for something that must happen.
 *
 * @throws Error that names what was waited for, after {@link PATIENCE_MS}.
 */
export async function expectSoon<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`Waited ${PATIENCE_MS} ms in vain for ${what}.`);
    timer = setTimeout(() => {
      reject(error);
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `condition` holds; it is looked at again whenever the event loop has gone round. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Waited ${PATIENCE_MS} ms in vain until ${what}.`);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
