/** The target gave no answer that says anything of what was asked: the check was not done. */
export class InconclusiveError extends Error {
  override readonly name: string = 'InconclusiveError';
}

/** The target took the connection, and refused what a dialect begins with: its token, as a rule. */
export class OpeningRefusedError extends InconclusiveError {
  override readonly name = 'OpeningRefusedError';
}
