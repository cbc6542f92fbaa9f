import { ModulesContainer, ApplicationConfig } from '@nestjs/core';
import { ShadowJudge } from '../../authorization/shadow/shadow-judge.js';
import { compileHandler } from '../../boot/compile-handler.js';
import type { CoveredHandler } from '../../boot/coverage.js';
import { endpointOf, type GatewayEndpoint } from '../../boot/gateway-endpoints.js';
import { maxBytesAt } from '../../boot/handler-bytes.js';
import type { WireFormat } from '../../core/wire-format.js';
import type { GatewaySettings } from '../../gateway-settings.js';
import { SpokenSubprotocols } from '../../handshake/spoken-subprotocols.js';
import { ApplicationClasses } from '../../nest/application-classes.js';
import { runInitHooks } from '../../nest/init-hooks.js';
import { SecureWsRuntime } from '../../secure-ws.runtime.js';
import { readBoundedFile } from '../bounded-file.js';
import type { AssembledApplication } from '../load-application.js';
import { printableError } from '../printable.js';
import { explainMessage } from './explained-run.js';
import { tellStep, type ToldExplanation } from './explanation-text.js';
import { ObservedPolicies } from './observed-policies.js';
import { readPrincipal } from './read-principal.js';
import type { RefusalFacts } from './remedies.js';

/** A larger payload is refused by every gateway: 16 MiB is the most that a limit can be. */
const MAX_DATA_BYTES = 17 * 1024 * 1024;

/** What is asked: a message, and whom it is from. */
export interface Question {
  readonly event: string;
  /** The file of the principal. */
  readonly as: string;
  /** The file of the payload. */
  readonly data: string | undefined;
  readonly gateway: string | undefined;
  readonly path: string | undefined;
  readonly subprotocol: string | undefined;
}

/**
 * Explains what an application would do with a message.
 *
 * @throws TypeError for files and names that cannot be.
 * @throws {SecureWsBootError} where the application would not boot.
 */
export async function explainIn(
  { app, installer }: AssembledApplication,
  question: Question,
): Promise<ToldExplanation> {
  const { event, as, subprotocol } = question;
  const { endpoints, handlers } = installer.inspect();
  const { options, clock, outputs } = app.get(SecureWsRuntime, { strict: false });
  const [name, { settings }] = chooseEndpoint(endpoints, handlers, question);
  const wire = readWire(subprotocol, settings);
  const principal = await readPrincipal(as, settings.authentication ?? options.authentication, clock.now());
  const frame = await readFrame(question);
  try {
    await runInitHooks(app);
  } catch (cause) {
    throw new Error(`An onModuleInit of the application failed: ${printableError(cause)}`, { cause });
  }

  const ofEndpoint = handlers.filter(({ record }) => endpointOf(record.gateway) === name);
  const policies = new ObservedPolicies();
  const classes = new ApplicationClasses(app.get(ModulesContainer));
  const config = app.get(ApplicationConfig);
  // Rules that are only tried decide nothing, and what an alternative throws stands among the verdicts of the policies.
  const parts = {
    classes: policies.observing(classes),
    config,
    reports: { failed: () => undefined, unclear: () => undefined },
    shadows: new ShadowJudge(clock, options.authorization.policyTimeoutMs, { differed: () => undefined }),
    detailedErrors: false,
    outputs,
  };
  const mayGetBytes = maxBytesAt(name, handlers) > 0;
  const plans = ofEndpoint.map((handler) => ({ ...compileHandler(handler, parts, mayGetBytes), shadow: undefined }));
  await classes.prepare();
  const path = ofEndpoint[0]?.record.gateway.path ?? '/';
  const explained = await explainMessage({
    ...{ plans, settings, options, clock, principal, path, wire, frame },
  });

  const { refusal, plan, outcome } = explained;
  const fault = refusal?.fault === undefined ? undefined : printableError(refusal.fault.exception);
  const facts: RefusalFacts = {
    place: plan?.label ?? `the gateway on ${path}`,
    event,
    events: ofEndpoint.map((handler) => handler.event),
    policies: policies.verdicts,
    principal: as,
    fault,
  };
  const who = `${principal.id} (roles: ${listed(principal.roles)}; scopes: ${listed(principal.scopes)})`;
  return {
    message: `${event} on ${path}${plan === undefined ? '' : `, ${plan.label}`}: ${frame.length} bytes as ${who}`,
    outcome,
    steps: explained.steps.map((step) => tellStep(step, facts)),
    policies: policies.verdicts.map((verdict) => ({ name: verdict.name, outcome: verdict.outcome })),
  };
}

function chooseEndpoint(
  endpoints: ReadonlyMap<string, GatewayEndpoint>,
  handlers: readonly CoveredHandler[],
  { event, gateway, path }: Question,
): readonly [string, GatewayEndpoint] {
  const isMeant = ({ record }: CoveredHandler): boolean =>
    (gateway === undefined || record.gateway.name === gateway) && (path === undefined || record.gateway.path === path);
  const meant = handlers.filter(isMeant);
  if (meant.length === 0) {
    const known = [...new Set(handlers.map(({ record }) => `${record.gateway.name} on ${record.gateway.path}`))];
    throw new TypeError(`--gateway and --path name no gateway with a handler. There are: ${listed(known)}.`);
  }
  const ofEvent = meant.filter((handler) => handler.event === event);
  // An event that nobody handles is refused alike on each of them.
  const names = new Set(
    (ofEvent.length > 0 ? ofEvent : meant.slice(0, 1)).map(({ record }) => endpointOf(record.gateway)),
  );
  if (names.size > 1) {
    const places = ofEvent.map(({ record }) => `${record.gateway.name} on ${record.gateway.path}`);
    throw new TypeError(`${event} has several handlers: ${places.join(', ')}. Say which by --gateway or --path.`);
  }
  const [name = ''] = names;
  return [name, endpoints.get(name) as GatewayEndpoint];
}

/** What a connection of the path has negotiated. @throws TypeError for what it does not speak. */
function readWire(subprotocol: string | undefined, { subprotocols }: GatewaySettings): WireFormat {
  const spoken = new SpokenSubprotocols(subprotocols);
  if (subprotocol !== undefined && !spoken.names.includes(subprotocol)) {
    throw new TypeError(`--subprotocol is one of ${listed(spoken.names)}.`);
  }
  return spoken.formatOf(subprotocol);
}

/** The very bytes that a client would send. */
async function readFrame({ event, data }: Question): Promise<Buffer> {
  const start = `{"event":${JSON.stringify(event)}`;
  if (data === undefined) return Buffer.from(`${start}}`);
  const text = await readBoundedFile('--data', data, MAX_DATA_BYTES);
  try {
    JSON.parse(text);
  } catch (cause) {
    // It could otherwise end the object that it is put into, and begin members of its own.
    throw new TypeError(`--data ${data} is no JSON.`, { cause });
  }
  return Buffer.from(`${start},"data":${text}}`);
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
