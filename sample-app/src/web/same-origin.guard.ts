import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { CHAT_SETTINGS, type ChatSettings } from '../chat-settings.js';

/**
 * Lets requests through that come from the app's own pages, or from a client that is no browser (OWASP CSRF Prevention
 * Cheat Sheet: Fetch Metadata, then Origin).
 */
@Injectable()
export class SameOriginGuard implements CanActivate {
  constructor(@Inject(CHAT_SETTINGS) private readonly settings: ChatSettings) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers, method } = context.switchToHttp().getRequest<Request>();
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin') return false;
    if (headers.origin !== undefined) return this.settings.origins.includes(headers.origin);
    // Browsers send Origin with every POST. One without it is a script (curl), which has no business with a cookie.
    return method === 'GET' || headers.cookie === undefined;
  }
}
