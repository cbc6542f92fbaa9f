import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { originsOf } from '../../boot/cors-origins.js';
import type { GatewayEndpoint } from '../../boot/gateway-endpoints.js';
import type { ResolvedAuthenticationOptions } from '../../authentication/authentication.options.js';
import { BootProblems, SecureWsBootError } from '../../core/boot-problems.js';
import { WsRevocationService } from '../../lifecycle/revocation/ws-revocation.service.js';
import { runsGlobalEnhancers } from '../../nest/enhancers.js';
import { takeInventory } from '../../nest/gateway-inventory.js';
import { globalEnhancersOf } from '../../nest/global-enhancers.js';
import { httpPlatformOf } from '../../nest/http-platform.js';
import { injectorsOf } from '../../nest/injectors.js';
import { RESOLVED_OPTIONS, type ResolvedSecureWsOptions } from '../../resolve-options.js';
import type { AssembledApplication } from '../load-application.js';
import type { DoctorFacts, TokenLife } from './doctor-facts.js';

/**
 * Reads what the rules look at. Nothing is started. An application that would not boot is read as far as it goes.
 *
 * @param hasMain whether its `main.ts` has run.
 */
export function readFacts(
  { app, installer }: Pick<AssembledApplication, 'app' | 'installer'>,
  hasMain: boolean,
): DoctorFacts {
  // Read before the boot is tried: it takes global pipes out of sight.
  const globals = globalEnhancersOf(app.get(ApplicationConfig));
  const booted = tryBoot(installer);
  const modules = app.get(ModulesContainer);
  const options = app.get<ResolvedSecureWsOptions>(RESOLVED_OPTIONS, { strict: false });
  const { warnings } = app.get(BootProblems, { strict: false });
  const endpoints = [...booted.endpoints];
  const platform = httpPlatformOf(app);
  const { authentication } = options;
  return {
    problems: booted.problems,
    warnings,
    options,
    gateways: takeInventory(modules),
    origins: originsOf(options, endpoints),
    tokens: [authentication, ...endpoints.flatMap(({ settings }) => settings.authentication ?? [])].flatMap(tokensOf),
    cors: [...installer.cors.given, ...(platform.cors === undefined ? [] : [platform.cors])],
    platform,
    globals,
    runsGlobals: runsGlobalEnhancers(app.get(ApplicationConfig)),
    revokers: [...injectorsOf(WsRevocationService, modules), ...logoutOf(authentication)],
    environment: process.env,
    hasMain,
    hasShutdownHooks: process.listenerCount('SIGTERM') > 0,
  };
}

function tryBoot(
  installer: AssembledApplication['installer'],
): Pick<DoctorFacts, 'problems'> & { readonly endpoints: Iterable<GatewayEndpoint> } {
  try {
    return { problems: [], endpoints: installer.inspect().endpoints.values() };
  } catch (error) {
    if (!(error instanceof SecureWsBootError)) throw error;
    return { problems: error.problems, endpoints: [] };
  }
}

function tokensOf({ jwt, oauth, blocks }: ResolvedAuthenticationOptions): readonly TokenLife[] {
  const ofBlock = (block: string, rules: readonly { maxAgeMs: number | undefined; maxLifetimeMs: number }[]) =>
    rules.map(({ maxAgeMs = Infinity, maxLifetimeMs }, index) => ({
      place: rules.length === 1 ? block : `${block}[${index}]`,
      maxMs: Math.min(maxAgeMs, maxLifetimeMs),
    }));
  return [...ofBlock(blocks.jwt, jwt), ...ofBlock(blocks.oauth, oauth)];
}

function logoutOf({ oauth }: ResolvedAuthenticationOptions): readonly string[] {
  return oauth.some(({ logout }) => logout !== undefined) ? ['backChannelLogout'] : [];
}
