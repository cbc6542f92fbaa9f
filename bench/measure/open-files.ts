/** What a process needs beside its connections: its program, its log, its event loop, the channel to its parent. */
const OTHER_FILES = 100;

interface Limits {
  readonly userLimits?: { readonly open_files?: { readonly soft?: unknown } };
}

/**
 * Makes sure that this process and the servers that it starts may have so many connections. Node has raised the soft limit to
 * the hard one when it started; further up only the administrator can go.
 *
 * @throws Error that says what to raise.
 */
export function demandOpenFiles(connections: number): void {
  // Typed as an object: it is the same report that --report-on-signal writes.
  const { userLimits } = process.report.getReport() as Limits;
  const limit = userLimits?.open_files?.soft;
  if (typeof limit !== 'number' || limit >= connections + OTHER_FILES) return;
  throw new Error(
    `${connections} connections need ${connections + OTHER_FILES} open files in each process, and the limit is ${limit}. ` +
      `Raise it (ulimit -n ${connections + OTHER_FILES}, or LimitNOFILE= of the service), or measure fewer: --count ${limit - OTHER_FILES}.`,
  );
}
