import type { EndedSession } from '../back-channel-logout/logout-claims.js';
import type { Signal } from './signal-claims.js';

/** What can follow from a signal. */
export interface SignalEffects {
  /** Ends identities. @returns how many connections were closed. */
  readonly endSession: (ended: EndedSession) => Promise<number>;
  /** Ends one token. @returns how many connections were closed. */
  readonly endToken: (token: { readonly issuer: string; readonly tokenId: string }) => Promise<number>;
  /**
   * Has identities judged again by what is known of them now. @returns how many connections that is about; `undefined` where
   * nobody can be asked, or not on all nodes.
   */
  readonly judgeAgain: (who: Omit<EndedSession, 'before'>) => number | undefined;
}

/** Does what follows from a signal. @returns how many connections were closed, or are judged again. */
export async function actOnSignal(
  { effect, subject, issuer, before }: Signal,
  { endSession, endToken, judgeAgain }: SignalEffects,
): Promise<number> {
  if (effect === 'none' || subject === undefined) return 0;
  const { sub, sid, tokenId } = subject;
  // What has other claims now has them wrong: it ends where it cannot be judged again.
  const judged = effect === 'judge' && tokenId === undefined ? judgeAgain({ issuer, sub, sid }) : undefined;
  if (judged !== undefined) return judged;
  const ended = tokenId === undefined ? 0 : await endToken({ issuer, tokenId });
  if (sub === undefined && sid === undefined) return ended;
  return ended + (await endSession({ issuer, sub, sid, before }));
}
