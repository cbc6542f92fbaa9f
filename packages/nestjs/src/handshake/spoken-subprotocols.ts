import { JSON_SUBPROTOCOL, SECURE_WS_SUBPROTOCOL } from '@secure-ws/protocol';
import { type CodecName, PLAIN_JSON, type WireCodec, type WireFormat } from '../core/wire-format.js';
import type { ResolvedSubprotocol } from './subprotocols.options.js';

const OF_EVERY_GATEWAY: readonly ResolvedSubprotocol[] = [
  { name: SECURE_WS_SUBPROTOCOL, moduleEvents: true, codec: undefined, option: '' },
  { name: JSON_SUBPROTOCOL, moduleEvents: false, codec: undefined, option: '' },
];

/** What the connections of one path may speak: its own subprotocols first, since they say more than the module's. */
export class SpokenSubprotocols {
  readonly #formats = new Map<string | undefined, WireFormat>([[undefined, PLAIN_JSON]]);
  readonly #all: readonly ResolvedSubprotocol[];
  /** In the order of preference. */
  readonly names: readonly string[];

  constructor(own: readonly ResolvedSubprotocol[]) {
    this.#all = [...own, ...OF_EVERY_GATEWAY];
    this.names = Object.freeze(this.#all.map(({ name }) => name));
  }

  /**
   * Makes the formats. Called before the first handshake.
   *
   * @param load gives a codec. @throws what it throws.
   */
  async prepare(load: (codec: CodecName, option: string) => Promise<WireCodec>): Promise<void> {
    for (const { name, moduleEvents, codec: named, option } of this.#all) {
      const codec = named === undefined ? undefined : await load(named, option);
      this.#formats.set(name, Object.freeze({ subprotocol: name, hasModuleEvents: moduleEvents, codec }));
    }
  }

  /**
   * The format behind a subprotocol.
   *
   * @throws Error for one that is not spoken here: the handshake chooses from {@link names}.
   */
  formatOf(subprotocol: string | undefined): WireFormat {
    const format = this.#formats.get(subprotocol);
    if (format === undefined) throw new Error(`Nobody speaks ${subprotocol} here. Please report this.`);
    return format;
  }
}
