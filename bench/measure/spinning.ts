/**
 * Keeps the event loop of this process busy during `work`, so that it polls its sockets and never sleeps: a server then
 * never has to wake its client.
 */
export async function whileSpinning(work: () => Promise<void>): Promise<void> {
  let isBusy = true;
  const spin = (): void => {
    if (isBusy) setImmediate(spin);
  };
  spin();
  try {
    await work();
  } finally {
    isBusy = false;
  }
}
