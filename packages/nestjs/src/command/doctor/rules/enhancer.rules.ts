import { isHttpOnly } from '../../../boot/http-only.js';
import { enhancerName, type GlobalEnhancers, validationOptionsOf } from '../../../nest/global-enhancers.js';
import type { DoctorRule } from '../finding.js';

/** What is global in the application, and is something else for a message than for a request. */
export const ENHANCER_RULES: readonly DoctorRule[] = [
  {
    id: 'global-guard-skips-messages',
    severity: 'warning',
    title: 'A global guard does not run for messages',
    why: 'Nest 11 runs no global guard on gateways, and Nest 12 does: what it decides holds for HTTP only, until an update. One that lives for a request runs on none.',
    check: ({ gateways, globals, runsGlobals }) =>
      gateways.length === 0
        ? []
        : globals.guards.filter(isSkipped(globals, runsGlobals)).map((guard) => ({
            place: enhancerName(guard),
            problem: problemOf(guard, globals),
            fix: '@WsAuthorize(...) at the handlers for what it decides, and HttpOnly() around it, so that an update of Nest changes nothing',
          })),
  },
  {
    id: 'global-enhancer-skips-messages',
    severity: 'note',
    title: 'A global interceptor or pipe does not run for messages',
    why: 'Nest 11 runs no global interceptor and pipe on gateways, and Nest 12 does. One that lives for a request runs on none.',
    check: ({ gateways, globals, runsGlobals }) =>
      gateways.length === 0
        ? []
        : [...globals.interceptors, ...globals.pipes.filter((pipe) => !isValidation(pipe))]
            .filter(isSkipped(globals, runsGlobals))
            .map((enhancer) => ({
              place: enhancerName(enhancer),
              problem: problemOf(enhancer, globals),
              fix: `@UseInterceptors(...) or @UsePipes(...) with ${enhancerName(enhancer)} at the gateway, where messages need it`,
            })),
  },
  {
    id: 'global-filter-skips-messages',
    severity: 'note',
    title: 'A global exception filter does not run for messages',
    why: 'No release of Nest runs global exception filters on gateways: what it maps, hides or reports is not so for messages.',
    check: ({ gateways, globals }) =>
      gateways.length === 0
        ? []
        : globals.filters.map((filter) => ({
            place: enhancerName(filter),
            problem: 'is global, and Nest runs no global exception filter for messages.',
            fix: `@UseFilters(${enhancerName(filter)}) at the gateways, where messages need it`,
          })),
  },
  {
    id: 'validation-pipe-differs',
    severity: 'note',
    title: 'Options of a global ValidationPipe do not hold for messages',
    why: 'SecureWs validates payloads itself and takes the pipe out of the calls of handlers: its groups and exceptions are not those of messages.',
    check: ({ gateways, globals }) =>
      gateways.length === 0
        ? []
        : globals.pipes.flatMap((pipe) =>
            validationOptionsOf(pipe).map((option) => ({
              place: `${enhancerName(pipe)}.${option}`,
              problem: 'holds for HTTP alone: one DTO accepts other bodies there than payloads here.',
              fix: 'give the gateway a DTO of its own that says what it takes (docs/guide/validation.md)',
            })),
          ),
  },
  {
    id: 'socket-io-compression',
    severity: 'warning',
    title: 'Messages are compressed',
    why: 'Compression beside secrets tells them to whoever can measure lengths (RFC 7692 section 8), and holds memory for each connection.',
    check: ({ gateways, options }) =>
      gateways
        .filter(({ options: { perMessageDeflate } }) => !options.adapter && isOn(perMessageDeflate))
        .map(({ name }) => ({
          place: `${name} @WebSocketGateway.perMessageDeflate`,
          problem: 'is on: lengths of compressed messages tell what is in them.',
          fix: 'remove it: it is off by default',
        })),
  },
];

const isOn = (option: unknown): boolean => option !== undefined && option !== false && option !== null;

/** Which of the global ones this Nest does not run for messages, though nobody has said that they are for HTTP alone. */
const isSkipped =
  ({ ofRequests }: GlobalEnhancers, runsGlobals: boolean) =>
  (enhancer: unknown): boolean =>
    (!runsGlobals || ofRequests.has(enhancer)) && !isHttpOnly(enhancer);

const problemOf = (enhancer: unknown, { ofRequests }: GlobalEnhancers): string =>
  ofRequests.has(enhancer)
    ? 'is global and lives for a request, and Nest runs none such for messages.'
    : 'is global, and this Nest does not run it for messages.';

const isValidation = (pipe: unknown): boolean => enhancerName(pipe).endsWith('ValidationPipe');
