import { type DynamicModule, Inject, Module, Optional, type Provider } from '@nestjs/common';
import { WsTicketService } from '../authentication/ticket/ws-ticket.service.js';
import { BootProblems, SecureWsBootError } from '../core/boot-problems.js';
import { SecureWsRuntime } from '../secure-ws.runtime.js';
import { OperationsAccess } from './operations-access.js';
import { OperationsBoard } from './operations-board.js';
import { OPERATIONS_HOST, type OperationsHost } from './operations-host.js';
import { createOperationsController } from './operations.controller.js';
import { createOperationsGateway } from './operations.gateway.js';
import {
  OPERATIONS_PLACE,
  type OperationsOptions,
  type ResolvedOperationsOptions,
  resolveOperationsOptions,
} from './operations.options.js';

const OPTIONS_PROBLEMS = Symbol('problems of the options of SecureWsOperationsModule');

/**
 * A page for operators, off unless it is imported and says who may see it: live connections, refusals by reason, alerts, who is
 * throttled; and to disconnect, revoke, ban and drain, each with a reason and a second look, each audited.
 *
 * Its socket is a gateway of this application like any other. Over HTTP, whoever lacks what `access` asks for is answered as if
 * there were no page.
 *
 * @example
 * ```ts
 * SecureWsOperationsModule.forRoot({ principal: HttpPrincipal, access: { roles: ['admin'] } })
 * ```
 */
@Module({})
export class SecureWsOperationsModule {
  /** @internal */
  constructor(
    @Optional() @Inject(OPTIONS_PROBLEMS) found: BootProblems | undefined,
    @Optional() @Inject(BootProblems) problems: BootProblems | undefined,
  ) {
    if (found === undefined) {
      refuse(
        'imports: [SecureWsOperationsModule]',
        'says nothing of who may see the page.',
        "imports: [SecureWsOperationsModule.forRoot({ principal: HttpPrincipal, access: { roles: ['admin'] } })]",
      );
    }
    if (problems === undefined) refuse(OPERATIONS_PLACE, ...NO_MODULE);
    for (const { where, problem, fix } of found.problems) problems.add(where, problem, fix);
    for (const { where, warning } of found.warnings) problems.warn(where, warning);
  }

  /**
   * Configures the page. What is wrong with the options fails the boot with a {@link SecureWsBootError}, together with every
   * other open decision.
   */
  static forRoot(options: OperationsOptions): DynamicModule {
    const problems = new BootProblems();
    const resolved = resolveOperationsOptions(options, problems);
    const found: Provider = { provide: OPTIONS_PROBLEMS, useValue: problems };
    // Nothing is served, and the boot fails.
    if (resolved === undefined) return { module: SecureWsOperationsModule, providers: [found] };
    const gateway = createOperationsGateway(resolved);
    return {
      module: SecureWsOperationsModule,
      controllers: [createOperationsController(resolved, gateway)],
      providers: [found, hostOf(resolved), OperationsBoard, OperationsAccess, gateway],
    };
  }
}

const NO_MODULE = [
  'shows the connections of SecureWsModule, which is not imported.',
  'imports: [SecureWsModule.forRoot({ ... }), SecureWsOperationsModule.forRoot({ ... })]',
] as const;

function hostOf(options: ResolvedOperationsOptions): Provider {
  const make = (runtime?: SecureWsRuntime, tickets?: WsTicketService, problems?: BootProblems): OperationsHost => {
    if (runtime === undefined || tickets === undefined || problems === undefined)
      refuse(OPERATIONS_PLACE, ...NO_MODULE);
    if (!tickets.isConfigured) {
      problems.add(
        OPERATIONS_PLACE,
        'opens the socket of its page with a ticket, and no gateway takes any.',
        'SecureWsModule.forRoot({ authentication: { tickets: {}, ... }, ... })',
      );
    }
    if (!runtime.options.adapter) {
      // At once: what the boot would find of the gateway of the page is nothing that an application could mend.
      refuse(
        OPERATIONS_PLACE,
        'needs the adapter of SecureWsModule for the socket of its page, and `adapter` is false.',
        'remove it from the imports, or remove adapter: false',
      );
    }
    return { options, runtime, tickets, problems };
  };
  const inject = [SecureWsRuntime, WsTicketService, BootProblems].map((token) => ({ token, optional: true }));
  return { provide: OPERATIONS_HOST, inject, useFactory: make };
}

function refuse(where: string, problem: string, fix: string): never {
  throw new SecureWsBootError([{ where, problem, fix }]);
}
