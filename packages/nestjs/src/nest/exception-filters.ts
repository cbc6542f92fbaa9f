import { BaseWsExceptionFilter } from '@nestjs/websockets';
import type { BootProblems } from '../core/boot-problems.js';
import { EXCEPTION_FILTERS_METADATA } from './metadata.js';
import type { GatewayRecord } from './gateway-inventory.js';

/**
 * Refuses filters that extend `BaseWsExceptionFilter`: on Nest 12 it writes to the socket by itself, with the payload of
 * the message as `cause`, past the error frames of the module.
 */
export function checkFilters(gateway: GatewayRecord, problems: BootProblems): void {
  const owners = [gateway.type, ...gateway.handlers.map((handler) => handler.callback)];
  for (const filter of owners.flatMap(filtersOf)) {
    const type = typeof filter === 'function' ? filter : (filter as object).constructor;
    if (type !== BaseWsExceptionFilter && !(type.prototype instanceof BaseWsExceptionFilter)) continue;
    problems.add(
      gateway.name,
      `uses ${type.name}, which extends BaseWsExceptionFilter: it would write to the socket past the error frames, and repeat the payload.`,
      'implement WsExceptionFilter instead; what it does not answer becomes an error frame',
    );
  }
}

/** Puts a filter behind all others of a gateway. Nest reverses the list, so that the first one is asked last. */
export function addLastFilter(gateway: GatewayRecord, filter: object): void {
  const others = filtersOf(gateway.type).filter((other) => other !== filter);
  Reflect.defineMetadata(EXCEPTION_FILTERS_METADATA, [filter, ...others], gateway.type);
}

function filtersOf(owner: object): readonly unknown[] {
  return (Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, owner) ?? []) as unknown[];
}
