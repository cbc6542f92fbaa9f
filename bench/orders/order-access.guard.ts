import type { IncomingMessage } from 'node:http';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { WebSocket } from 'ws';
import { Accounts } from './accounts.js';
import { TRADER_ROLE, verifyHeader, type TokenClaims } from './identity.js';

const identities = new WeakMap<object, TokenClaims>();

/** What a team writes in `handleConnection` without SecureWs: verify the token, or close. */
export function identify(client: WebSocket, request: IncomingMessage): void {
  try {
    identities.set(client, verifyHeader(request.headers.authorization));
  } catch {
    client.close(1008);
  }
}

/** What a team writes as a guard without SecureWs: the role, then the owner of the account. */
@Injectable()
export class OrderAccessGuard implements CanActivate {
  constructor(private readonly accounts: Accounts) {}

  canActivate(context: ExecutionContext): boolean {
    const ws = context.switchToWs();
    const identity = identities.get(ws.getClient<WebSocket>());
    if (identity?.roles.includes(TRADER_ROLE) !== true) return false;
    // A guard runs before the pipes: it sees what the client sent, of whatever shape.
    const accountId = ws.getData<{ accountId?: unknown } | undefined>()?.accountId;
    return typeof accountId === 'string' && this.accounts.find(accountId)?.ownerId === identity.sub;
  }
}
