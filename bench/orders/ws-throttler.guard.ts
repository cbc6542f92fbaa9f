import { Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { WebSocket } from 'ws';

/** `ThrottlerGuard` for `ws`, as the README of `@nestjs/throttler` 6.7 says to adapt it. */
@Injectable()
export class WsThrottlerGuard extends ThrottlerGuard {
  override async handleRequest(request: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, throttler, blockDuration, generateKey } = request;
    const client = context.switchToWs().getClient<WebSocket & { _socket: { remoteAddress: string } }>();
    const tracker = client._socket.remoteAddress;
    const key = generateKey(context, tracker, throttler.name ?? 'default');
    const hit = await this.storageService.increment(key, ttl, limit, blockDuration, throttler.name ?? 'default');
    if (hit.isBlocked) await this.throwThrottlingException(context, { limit, ttl, key, tracker, ...hit });
    return true;
  }
}
