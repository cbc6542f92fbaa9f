import { Injectable } from '@nestjs/common';
import { deny, grant, type WsPolicy, type WsPolicyContext, type WsPolicyDecision } from '@secure-ws/nestjs';
import { Accounts, type Account } from './accounts.js';
import type { PlaceOrder } from './place-order.js';

/** Whose account an order is for: the same look-up and comparison as in the guard written by hand. */
@Injectable()
export class AccountOwner implements WsPolicy<PlaceOrder, Account> {
  constructor(private readonly accounts: Accounts) {}

  authorize({ data, principal }: WsPolicyContext<PlaceOrder>): WsPolicyDecision<Account> {
    const account = this.accounts.find(data.accountId);
    return account?.ownerId === principal.id ? grant(account) : deny();
  }
}
