/** The target gave no answer that says anything of what was asked: the check was not done. */
export class InconclusiveError extends Error {
  override readonly name: string = 'InconclusiveError';
}

/** The target took the connection, and refused what a dialect begins with: its token, as a rule. */
export class OpeningRefusedError extends InconclusiveError {
  override readonly name = 'OpeningRefusedError';
}

/** The target refused a handshake that is correct: its credential, as a rule. */
export class HandshakeRefusedError extends InconclusiveError {
  override readonly name = 'HandshakeRefusedError';
}

/** The target keeps saying that there are too many handshakes: the next one would say no more. */
export class TooManyHandshakesError extends InconclusiveError {
  override readonly name = 'TooManyHandshakesError';
}

/** The target took a handshake, and said nothing to it. */
export class NoAnswerError extends InconclusiveError {
  override readonly name = 'NoAnswerError';

  constructor() {
    super('The server gave no answer in time.');
  }
}

/** The target ended the connection without a word: `socket.destroy()`, which is how many servers refuse. */
export class EndedWithoutAnswerError extends Error {
  override readonly name = 'EndedWithoutAnswerError';

  constructor() {
    super('The server ended the connection without an answer.');
  }
}

/** What a good handshake is refused with: a server that fails by itself has refused nobody. */
export function refusedWith(status: number): InconclusiveError {
  const says = `The server answered a good handshake with ${status}.`;
  return status >= 500 ? new InconclusiveError(says) : new HandshakeRefusedError(says);
}
