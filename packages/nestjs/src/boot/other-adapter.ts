import type { ApplicationConfig } from '@nestjs/core';
import { type BootProblem, type BootProblems, SecureWsBootError } from '../core/boot-problems.js';
import { catchesAll, classOf, filtersOf, guardsOf, isOfClass, overrides } from '../nest/enhancers.js';
import { AsyncGeneratorFunction, type GatewayRecord, type HandlerRecord } from '../nest/gateway-inventory.js';
import { WsAuthorizeGuard } from '../socket-io/ws-authorize.guard.js';

const RECOVERY_FIX = 'remove connectionStateRecovery, or say skipMiddlewares: false in it';

/** How Socket.IO lets somebody in whom nobody has asked: `undefined` where it does not. */
function recoveryProblem(options: unknown): string | undefined {
  const { connectionStateRecovery: recovery } = (options ?? {}) as { readonly connectionStateRecovery?: unknown };
  if (!isSet(recovery)) return undefined;
  if ((recovery as { readonly skipMiddlewares?: unknown }).skipMiddlewares === false) return undefined;
  return 'sets connectionStateRecovery, which lets a client back into its rooms and asks no middleware: without a token, and after its own has ended.';
}

function isSet(option: unknown): boolean {
  return option !== undefined && option !== null && option !== false;
}

/** What a gateway says of its server that would let somebody past the checks. */
export function checkGatewayOnOtherAdapter({ name, options }: GatewayRecord, problems: BootProblems): void {
  const problem = recoveryProblem(options);
  if (problem !== undefined) problems.add(`${name} @WebSocketGateway`, problem, RECOVERY_FIX);
  else if (isSet(options['connectionStateRecovery'])) {
    problems.warn(
      `${name} @WebSocketGateway.connectionStateRecovery`,
      'sends a client that comes back what it has missed before any middleware is asked, whether its token still holds or not.',
    );
  }
}

/**
 * As {@link checkGatewayOnOtherAdapter}, for what an adapter of the application says of its server.
 *
 * @param server a server or a namespace of Socket.IO, or whatever another adapter has.
 * @throws {SecureWsBootError}
 */
export function checkServer(server: unknown): void {
  const { server: ofNamespace = server } = (server ?? {}) as { readonly server?: unknown };
  const { opts } = (ofNamespace ?? {}) as { readonly opts?: unknown };
  const problem = recoveryProblem(opts);
  if (problem === undefined) return;
  const found: BootProblem = { where: 'app.useWebSocketAdapter()', problem, fix: RECOVERY_FIX };
  throw new SecureWsBootError([found]);
}

/** What would run without being judged on another adapter, or wait for something that never comes. */
export function checkOnOtherAdapter(handler: HandlerRecord, config: ApplicationConfig, problems: BootProblems): void {
  checkGuards(handler, config, problems);
  if (handler.callback instanceof AsyncGeneratorFunction) {
    problems.add(
      handler.label,
      'is an async generator, which Nest answers with {} and never runs on another adapter (`adapter: false`).',
      'return an Observable: from(...) of rxjs makes one of an async generator',
    );
  }
  // One that catches everything has decided itself what a client is told.
  if (filtersOf(handler).some(catchesAll)) return;
  problems.warn(
    handler.label,
    `is on another adapter (\`adapter: false\`) without WsExceptionsFilter: Nest answers a refusal with an event of its own, which repeats the message, and whoever asked for an acknowledgement waits for ever. Add @UseFilters(WsExceptionsFilter) above ${handler.gateway.name}.`,
  );
}

function checkGuards(handler: HandlerRecord, config: ApplicationConfig, problems: BootProblems): void {
  const ours = guardsOf(handler, config).filter((guard) => isOfClass(guard, WsAuthorizeGuard));
  const [guard] = ours;
  if (guard === undefined) {
    problems.add(
      handler.label,
      'is on another adapter (`adapter: false`) without WsAuthorizeGuard: nothing would be checked before it runs.',
      `add @UseGuards(WsAuthorizeGuard) above ${handler.gateway.name}`,
    );
  } else if (ours.every((each) => overrides(each, WsAuthorizeGuard, 'canActivate'))) {
    // Whether it calls super.canActivate(), and always, nobody can see.
    const { name } = classOf(guard);
    problems.add(
      handler.label,
      `is judged by ${name}, which overrides canActivate() of WsAuthorizeGuard: that may check nothing.`,
      `make ${name} a guard of its own (implements CanActivate) behind ours: @UseGuards(WsAuthorizeGuard, ${name})`,
    );
  }
}
