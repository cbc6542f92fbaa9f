import type { ApplicationConfig } from '@nestjs/core';
import type { BootProblems } from '../core/boot-problems.js';
import { catchesAll, classOf, filtersOf, guardsOf, isOfClass, overrides } from '../nest/enhancers.js';
import { AsyncGeneratorFunction, type HandlerRecord } from '../nest/gateway-inventory.js';
import { WsAuthorizeGuard } from '../socket-io/ws-authorize.guard.js';

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
