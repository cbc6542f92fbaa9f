import type { AuthenticatorBlock } from './authentication/authenticator-block.js';
import type { ResolvedAuthenticationOptions } from './authentication/authentication.options.js';
import type { CodecName, WireCodec } from './core/wire-format.js';
import type { GatewaySettings } from './gateway-settings.js';
import { SpokenSubprotocols } from './handshake/spoken-subprotocols.js';
import type { MessageEngine } from './messages/message-engine.js';

/** What the connections of one path share. */
export interface GatewayPath {
  readonly settings: GatewaySettings;
  readonly engine: MessageEngine;
  readonly spoken: SpokenSubprotocols;
  /** Its own or those of the module. None before the application has started. */
  authenticators: readonly AuthenticatorBlock[];
}

/** The paths of an application's gateways, filled by its boot. */
export class GatewayPaths {
  readonly #paths = new Map<string, GatewayPath>();

  /** Sets what holds for the connections of a path. */
  add(address: string, settings: GatewaySettings, engine: MessageEngine): void {
    const spoken = new SpokenSubprotocols(settings.subprotocols);
    this.#paths.set(address, { settings, engine, spoken, authenticators: [] });
  }

  /**
   * What holds for the connections of a path.
   *
   * @throws Error for a path that the boot has not seen.
   */
  of(address: string): GatewayPath {
    const path = this.#paths.get(address);
    if (path === undefined)
      throw new Error('SecureWs was asked for a path that it has not prepared. Please report this.');
    return path;
  }

  /** Those that paths have of their own. */
  get authenticators(): readonly AuthenticatorBlock[] {
    return [...this.#paths.values()].flatMap(({ authenticators }) => authenticators);
  }

  /** Makes the authenticators that paths have of their own; the others take those of the module. */
  async makeAuthenticators(
    ofModule: readonly AuthenticatorBlock[],
    make: (options: ResolvedAuthenticationOptions, endpoint: string) => Promise<readonly AuthenticatorBlock[]>,
  ): Promise<void> {
    for (const [endpoint, path] of this.#paths) {
      const { authentication } = path.settings;
      path.authenticators = authentication === undefined ? ofModule : await make(authentication, endpoint);
    }
  }

  /** Loads what the subprotocols of the gateways are written in. Called before the first handshake. */
  async loadCodecs(load: (codec: CodecName, option: string) => Promise<WireCodec>): Promise<void> {
    for (const { spoken } of this.#paths.values()) await spoken.prepare(load);
  }
}
