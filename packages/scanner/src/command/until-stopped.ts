/** Waits for SIGINT or SIGTERM, or for so many milliseconds. A second signal ends the process as usual. */
export async function untilStopped(ms: number | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stop: () => void = () => undefined;
  await new Promise<void>((resolve) => {
    stop = resolve;
    process.once('SIGINT', stop).once('SIGTERM', stop);
    if (ms !== undefined) timer = setTimeout(stop, ms);
  });
  clearTimeout(timer);
  process.off('SIGINT', stop).off('SIGTERM', stop);
}
