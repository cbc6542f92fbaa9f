/** Bounds of the names of a `@RecordOf()`. */
export interface RecordBounds {
  /**
   * How many names it may have. `validation.maxKeys` bounds it as well.
   *
   * @default 100
   */
  readonly maxKeys?: number;
  /**
   * How long a name may be, in UTF-16 units.
   *
   * @default 64
   */
  readonly maxKeyLength?: number;
  /**
   * What a name must match as a whole or in part, as the expression says. It is asked about names within `maxKeyLength`.
   *
   * @default any name
   */
  readonly keys?: RegExp;
}

/** What `@RecordOf()` says of a property. */
export class RecordDeclaration {
  readonly maxKeys: number;
  readonly maxKeyLength: number;
  readonly keys: RegExp | undefined;

  constructor(
    private readonly type: () => unknown,
    { maxKeys = 100, maxKeyLength = 64, keys }: RecordBounds,
    /** What was said besides, and is no option. */
    readonly unknownOptions: readonly string[] = [],
  ) {
    this.maxKeys = maxKeys;
    this.maxKeyLength = maxKeyLength;
    this.keys = keys;
  }

  /** The class of the values; `undefined` where none is named. A function, since a class may hold itself. */
  get valueType(): unknown {
    try {
      return typeof this.type === 'function' ? this.type() : undefined;
    } catch {
      // A class that is named before it is declared.
      return undefined;
    }
  }

  /**
   * Whether a name may stand in the record. Names that every object has are no names: whoever looks one up would find a
   * function, and whoever prints the record would call it.
   */
  takes(key: string): boolean {
    return key.length <= this.maxKeyLength && !(key in Object.prototype) && (this.keys?.test(key) ?? true);
  }
}
