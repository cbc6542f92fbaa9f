import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Account } from './account.js';
import { PasswordHasher } from './password-hasher.js';

interface AccountRow {
  readonly id: string;
  readonly username: string;
  readonly display_name: string;
  readonly roles: readonly string[];
  readonly password_hash: string;
}

/** The people who may log in. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly database: Database,
    private readonly passwords: PasswordHasher,
  ) {}

  /** Adds an account. @throws when the user name is taken or not `[a-z0-9-]{2,32}`. */
  async create(
    username: string,
    displayName: string,
    password: string,
    roles: readonly string[] = [],
  ): Promise<Account> {
    const id = randomUUID();
    await this.database.query(
      `INSERT INTO users (id, username, display_name, password_hash, roles)
       VALUES ($1, $2, $3, $4, string_to_array($5, ','))`,
      [id, username, displayName, await this.passwords.hash(password), roles.join(',')],
    );
    return { id, username, displayName, roles };
  }

  /** The account with an id. */
  async find(id: string): Promise<Account | undefined> {
    const [row] = await this.database.query<AccountRow>(`${SELECT} WHERE id::text = $1`, [id]);
    return row === undefined ? undefined : toAccount(row);
  }

  /** The first accounts, by name. */
  async list(): Promise<readonly Account[]> {
    return (await this.database.query<AccountRow>(`${SELECT} ORDER BY username LIMIT 20`)).map(toAccount);
  }

  /** How many accounts there are. */
  async count(): Promise<number> {
    const [row] = await this.database.query<{ count: number }>('SELECT count(*)::integer AS count FROM users');
    return row?.count ?? 0;
  }

  /**
   * Checks a user name and password.
   *
   * @returns the account, or `undefined` for a wrong password and for an unknown user alike, after the same work.
   */
  async verify(username: string, password: string): Promise<Account | undefined> {
    const row = await this.read(username);
    const matches = await this.passwords.verify(password, row?.password_hash);
    return matches && row !== undefined ? toAccount(row) : undefined;
  }

  private async read(username: string): Promise<AccountRow | undefined> {
    const [row] = await this.database.query<AccountRow>(`${SELECT} WHERE username = $1`, [username]);
    return row;
  }
}

const SELECT = 'SELECT id, username, display_name, password_hash, roles FROM users';

function toAccount(row: AccountRow): Account {
  return { id: row.id, username: row.username, displayName: row.display_name, roles: row.roles };
}
