import type { HandshakeAnswer } from './handshake-answer.js';

/** What came of a handshake. */
export interface Admission {
  /**
   * Whether the connection was still open a moment after the `101`, and the opening of the dialect was taken: many servers
   * close it again, or read the token there.
   */
  readonly isAdmitted: boolean;
  readonly answer: HandshakeAnswer;
  /** What is to be said of it: `101, and it answers a ping`. */
  readonly saw: string;
  /** What a refusal says behind its head. */
  readonly body: string;
}

/** A refusal without a word. */
export const HUNG_UP: Admission = Object.freeze({
  isAdmitted: false,
  answer: { status: 0, fields: new Map(), head: '', isAccepted: false },
  saw: 'the end of the connection',
  body: '',
});
