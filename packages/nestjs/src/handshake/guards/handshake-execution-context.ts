import type { IncomingMessage } from 'node:http';
import type { ExecutionContext, Type } from '@nestjs/common';
import type { HandshakeResponse } from './handshake-response.js';

type Handler = ReturnType<ExecutionContext['getHandler']>;

/**
 * What guards of `@UseHandshakeGuards()` are given: an `http` context with the raw request, whose class is the gateway. There
 * is no handler yet; a function without metadata stands in for it, since `Reflector` reads from both.
 */
export class HandshakeExecutionContext implements ExecutionContext {
  constructor(
    private readonly gateway: Type,
    private readonly request: IncomingMessage,
    private readonly response: HandshakeResponse,
  ) {}

  getClass<T>(): Type<T> {
    return this.gateway as Type<T>;
  }

  getHandler(): Handler {
    return handshake;
  }

  getArgs<T extends unknown[]>(): T {
    return [this.request, this.response, next] as unknown[] as T;
  }

  getArgByIndex<T>(index: number): T {
    return this.getArgs()[index] as T;
  }

  getType<TContext extends string>(): TContext {
    return 'http' as TContext;
  }

  switchToHttp(): ReturnType<ExecutionContext['switchToHttp']> {
    return {
      getRequest: <T>() => this.request as T,
      getResponse: <T>() => this.response as T,
      getNext: <T>() => next as T,
    };
  }

  /** @throws TypeError always: before the `101` there is no client. */
  switchToWs(): never {
    throw new TypeError('A handshake has no WebSocket yet: use context.switchToHttp().getRequest().');
  }

  /** @throws TypeError always. */
  switchToRpc(): never {
    throw new TypeError('A handshake is no RPC: use context.switchToHttp().getRequest().');
  }
}

function handshake(): void {
  // Stands for the handler.
}

function next(): void {
  // There is no next middleware.
}
