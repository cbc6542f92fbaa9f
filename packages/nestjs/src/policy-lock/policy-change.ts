/** What a change does to what clients may do; `other` where that is for the reviewer to see. */
export type ChangeKind = 'wider' | 'narrower' | 'other';

/** One difference between two policies, in a sentence. */
export interface PolicyChange {
  readonly kind: ChangeKind;
  readonly text: string;
}
