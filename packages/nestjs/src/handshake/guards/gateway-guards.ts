import type { IncomingMessage } from 'node:http';
import { type CanActivate, HttpException, type Type } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import { HandshakeExecutionContext } from './handshake-execution-context.js';
import { HandshakeResponse } from './handshake-response.js';

/** Finds the instance of a guard for one request; only a guard with request-scoped dependencies makes a promise. */
export type HandshakeGuardProvider = (request: IncomingMessage) => CanActivate | Promise<CanActivate>;

/** What the guards of a gateway said. */
export type GuardVerdict =
  | { readonly passed: true; readonly fields: HandshakeResponse['fields'] }
  | {
      readonly passed: false;
      /** What was thrown, unless it is how a guard says no. */
      readonly cause?: unknown;
    };

const NO: GuardVerdict = Object.freeze({ passed: false });

/** The guards that one gateway asks for with `@UseHandshakeGuards()`. */
export class GatewayGuards {
  constructor(
    private readonly gateway: Type,
    private readonly providers: readonly HandshakeGuardProvider[],
  ) {}

  /** Asks one guard after the other; the first that does not answer `true` decides. Never rejects. */
  async ask(request: IncomingMessage): Promise<GuardVerdict> {
    try {
      const response = new HandshakeResponse(request);
      const context = new HandshakeExecutionContext(this.gateway, request, response);
      for (const provide of this.providers) {
        const guard = await provide(request);
        const answer = guard.canActivate(context);
        const verdict: unknown = isObservable(answer) ? await lastValueFrom(answer) : await answer;
        if (verdict !== true) return NO;
      }
      return { passed: true, fields: response.fields };
    } catch (cause) {
      return isRefusal(cause) ? NO : { passed: false, cause };
    }
  }
}

/** Whether a throw is a guard's usual way to say no, `UnauthorizedException` and the like, and not a fault. */
function isRefusal(cause: unknown): boolean {
  return cause instanceof HttpException && cause.getStatus() < 500;
}
