import type { ModulesContainer } from '@nestjs/core';
import type { BootProblems } from '../core/boot-problems.js';
import { findListeningMethods } from '../events/listeners/listening-methods.js';
import type { ConnectionHook } from '../lifecycle/hooks/connection-hooks.js';
import { CONNECTION_HOOK_METADATA, type HookMoment } from '../lifecycle/hooks/on-ws-connection.js';
import { type GatewayRecord, normalizePath } from '../nest/gateway-inventory.js';

const DECORATORS: Readonly<Record<HookMoment, string>> = {
  connected: '@OnWsConnected',
  refreshed: '@OnWsRefreshed',
  disconnected: '@OnWsDisconnected',
};

/** Finds the methods with `@OnWsConnected()` and the like. One that would never be called is a problem of the boot. */
export function discoverConnectionHooks(
  modules: ModulesContainer,
  gateways: readonly GatewayRecord[],
  isOurAdapter: boolean,
  problems: BootProblems,
): readonly ConnectionHook[] {
  const known = new Set(gateways.map(({ path }) => path));
  const moments = Object.keys(DECORATORS) as HookMoment[];
  return moments.flatMap((moment) => {
    const mark = { key: CONNECTION_HOOK_METADATA[moment], what: 'connections' };
    return findListeningMethods(modules, mark, problems).map(({ name, patterns, call }): ConnectionHook => {
      const decorator = DECORATORS[moment];
      if (!isOurAdapter) {
        problems.add(
          name,
          `has ${decorator}(), and with \`adapter: false\` the connections are those of another adapter: it would never be called.`,
          `remove ${decorator}(), and use what that adapter calls, such as handleConnection of a gateway`,
        );
      }
      const paths = patterns.map((path) => normalizePath(path));
      for (const path of isOurAdapter ? paths : []) {
        if (known.has(path)) continue;
        problems.add(
          name,
          `has ${decorator}('${path}'), and no gateway has that path: it would never be called.`,
          `the paths are ${[...known].join(', ')}`,
        );
      }
      return { name, moment, paths: new Set(paths), call };
    });
  });
}
