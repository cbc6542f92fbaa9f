import { Logger } from '@nestjs/common';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import type { BootInspection } from './boot-inspection.js';
import { warningsOfCors } from './cors-origins.js';

/**
 * Logs in one line what the module protects, and before it each option that weakens it, which is also an audit event.
 *
 * @param cors what the application gave to each `enableCors()`.
 */
export function announceBoot(
  { options, events, authenticators, endpointAuthenticators }: SecureWsRuntime,
  { gateways, endpoints, handlers, warnings }: BootInspection,
  cors: readonly unknown[],
): void {
  const logger = new Logger('SecureWs');
  for (const { where, warning } of [...warnings, ...warningsOfCors(cors, options, endpoints.values())]) {
    logger.warn(`${where} ${warning}`);
    events.emit({ type: 'ws.config.weak', option: where, warning });
  }
  const names = [...authenticators, ...endpointAuthenticators].map(({ name }) => name.replace(/^authentication\./, ''));
  const what = options.adapter ? 'protects' : 'checks the messages of';
  const verified = `identities are verified by ${[...new Set(names)].join(', ')}.`;
  const found = `${count(gateways.length, 'gateway')} with ${count(handlers.length, 'event')}`;
  logger.log(`SecureWs ${what} ${found}; ${verified}`);
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
