/** A person who may log in. */
export interface Account {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  /** `admin` opens the operations page. */
  readonly roles: readonly string[];
}
