import type { WsTicketService } from '../authentication/ticket/ws-ticket.service.js';
import type { BootProblems } from '../core/boot-problems.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import type { ResolvedOperationsOptions } from './operations.options.js';

/** What the page is made of, from the module that it shows. */
export interface OperationsHost {
  readonly options: ResolvedOperationsOptions;
  readonly runtime: SecureWsRuntime;
  readonly tickets: WsTicketService;
  readonly problems: BootProblems;
}

/** Gives the {@link OperationsHost}. */
export const OPERATIONS_HOST = Symbol('SecureWsOperationsModule');
