import { JSON_SUBPROTOCOL, SECURE_WS_SUBPROTOCOL } from '@secure-ws/protocol';
import { PLAIN_JSON, type WireFormat } from '../core/wire-format.js';
import type { ResolvedSubprotocol } from './subprotocols.options.js';

const OF_EVERY_GATEWAY: readonly ResolvedSubprotocol[] = [
  { name: SECURE_WS_SUBPROTOCOL, moduleEvents: true },
  { name: JSON_SUBPROTOCOL, moduleEvents: false },
];

/** What the connections of one path may speak: its own subprotocols first, since they say more than the module's. */
export class SpokenSubprotocols {
  readonly #formats: ReadonlyMap<string, WireFormat>;
  /** In the order of preference. */
  readonly names: readonly string[];

  constructor(own: readonly ResolvedSubprotocol[]) {
    this.#formats = new Map(
      [...own, ...OF_EVERY_GATEWAY].map(({ name, moduleEvents }) => [
        name,
        Object.freeze({ subprotocol: name, hasModuleEvents: moduleEvents }),
      ]),
    );
    this.names = Object.freeze([...this.#formats.keys()]);
  }

  /**
   * The format behind a subprotocol.
   *
   * @throws Error for one that is not spoken here: the handshake chooses from {@link names}.
   */
  formatOf(subprotocol: string | undefined): WireFormat {
    if (subprotocol === undefined) return PLAIN_JSON;
    const format = this.#formats.get(subprotocol);
    if (format === undefined) throw new Error(`Nobody speaks ${subprotocol} here. Please report this.`);
    return format;
  }
}
