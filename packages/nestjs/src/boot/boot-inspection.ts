import type { BootWarning } from '../core/boot-problems.js';
import type { InjectableClass } from '../nest/application-classes.js';
import type { GatewayRecord } from '../nest/gateway-inventory.js';
import type { CoveredHandler } from './coverage.js';
import type { GatewayEndpoint } from './gateway-endpoints.js';

/** What the boot found of the application: for the commands that tell of it. */
export interface BootInspection {
  readonly gateways: readonly GatewayRecord[];
  /** By {@link endpointOf}. */
  readonly endpoints: ReadonlyMap<string, GatewayEndpoint>;
  readonly handlers: readonly CoveredHandler[];
  readonly warnings: readonly BootWarning[];
  /** Names the module whose instance of a class is used where a gateway names it. */
  readonly ownerOf: (type: InjectableClass, gateway: GatewayRecord) => string;
}
