import type { IncomingMessage } from 'node:http';
import { type CanActivate, HttpException, type Type } from '@nestjs/common';
import { isObservable, type Observable, type Subscription } from 'rxjs';
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
        const verdict: unknown = isObservable(answer) ? await lastValueOf(answer) : await answer;
        if (verdict !== true) return NO;
      }
      return { passed: true, fields: response.fields };
    } catch (cause) {
      return isRefusal(cause) ? NO : { passed: false, cause };
    }
  }
}

/**
 * What an Observable of the application ends on. Unlike `lastValueFrom()` it runs the teardown before rxjs does: one that
 * throws would come out of whatever completed the source, and end the process (F17).
 */
function lastValueOf(source: Observable<unknown>): Promise<unknown> {
  return new Promise((resolve) => {
    let last: { readonly value: unknown } | undefined;
    // A synchronous Observable has ended inside subscribe().
    let subscription: Subscription | undefined = undefined;
    const end = (outcome: () => unknown): void => {
      resolve(tearDown(subscription).then(outcome));
    };
    subscription = source.subscribe({
      next: (value) => {
        last = { value };
      },
      error: (error: unknown) => {
        end(() => {
          throw error;
        });
      },
      complete: () => {
        end(() => {
          if (last === undefined) throw new Error('The Observable of a guard ended without a value.');
          return last.value;
        });
      },
    });
  });
}

/** Runs at once, and tells of a throw by a rejection. */
async function tearDown(subscription: Subscription | undefined): Promise<void> {
  subscription?.unsubscribe();
}

/** Whether a throw is a guard's usual way to say no, `UnauthorizedException` and the like, and not a fault. */
function isRefusal(cause: unknown): boolean {
  try {
    return cause instanceof HttpException && cause.getStatus() < 500;
  } catch {
    // A getter of the exception that throws, or a proxy: DR-14.
    return false;
  }
}
