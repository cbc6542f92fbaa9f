/** A log-in that everybody may know. */
export interface DemoUser {
  readonly username: string;
  readonly displayName: string;
  readonly password: string;
  /** The rooms that this user may enter. */
  readonly rooms: readonly string[];
  /** @default none */
  readonly roles?: readonly string[];
}

/** DEMO ONLY: these passwords are public. `seedDemo` refuses to run where `NODE_ENV` is `production`. */
export const DEMO_USERS: readonly DemoUser[] = [
  { username: 'alice', displayName: 'Alice', password: 'demo-alice-2026', rooms: ['general', 'support'] },
  { username: 'bob', displayName: 'Bob', password: 'demo-bob-2026', rooms: ['general', 'support'] },
  { username: 'carol', displayName: 'Carol', password: 'demo-carol-2026', rooms: ['general', 'board'] },
  // Whoever operates the server: nobody's chat, but who is connected.
  { username: 'olga', displayName: 'Olga', password: 'demo-olga-2026', rooms: [], roles: ['admin'] },
];
