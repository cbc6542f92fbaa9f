import { Injectable } from '@nestjs/common';
import { HONEST_PEOPLE, honestAccountId, honestId } from '../siege/siege-plan.js';
import { TRADER_ID } from './identity.js';

/** An account that orders are placed for. */
export interface Account {
  readonly id: string;
  readonly ownerId: string;
}

/** The account of {@link TRADER_ID}. */
export const TRADER_ACCOUNT_ID = '0b6f1c9e-7a55-4b6b-9a86-2d6b3f0c5e11';

/** Accounts in memory: the benchmark measures the checks around a look-up, not a database. */
@Injectable()
export class Accounts {
  private readonly byId = new Map<string, Account>(
    [
      { id: TRADER_ACCOUNT_ID, ownerId: TRADER_ID },
      ...Array.from({ length: HONEST_PEOPLE }, (_, person) => ({
        id: honestAccountId(person),
        ownerId: honestId(person),
      })),
      { id: '5a3a9a55-13f4-4b52-8a3e-7d1b0a2f9c22', ownerId: 'trader-2' },
    ].map((account) => [account.id, account]),
  );

  /** Finds an account. */
  find(id: string): Account | undefined {
    return this.byId.get(id);
  }
}
