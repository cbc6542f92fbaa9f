/** What a schema or a check of zod 4 keeps for zod itself, as far as it is used here. */
export interface ZodInside {
  run?: (payload: object, context?: { readonly async?: boolean }) => unknown;
  check?: (payload: object) => unknown;
  readonly def?: Readonly<Record<string, unknown>>;
  /** Of `z.lazy()`: found when it is first read. */
  readonly innerType?: unknown;
}

/** What of a definition holds further schemas and checks. The others may be functions of the application, or its data. */
const BELOW = [
  ...['checks', 'shape', 'catchall', 'element', 'items', 'rest', 'options', 'left', 'right', 'in', 'out', 'innerType'],
  ...['keyType', 'valueType', 'schema'],
];

/** Those that are contained already: one schema may be the payload of several handlers. */
const CONTAINED = new WeakSet<object>();

/** What an asynchronous run works on. */
const ASYNCHRONOUS = new WeakSet<object>();

/**
 * Has zod wait for all that it begins (DR-14).
 *
 * It begins the checks of a value together and waits for one after the other; and what throws at once leaves everything
 * unread that was begun before. What then rejects is an unhandled rejection, which ends the process, and a client chooses
 * the value. So each part of a schema hands out promises that somebody reads, and in an asynchronous run rejects in place of
 * throwing. Nothing else about it changes, for whoever else uses the schema.
 */
export function containZod(schema: object): void {
  const parts = [...partsOf(schema)];
  // Without code of the application nothing is asynchronous.
  if (!parts.some(({ def }) => hasOwnCode(def))) return;
  for (const part of parts) {
    if (CONTAINED.has(part)) continue;
    CONTAINED.add(part);
    const { run, check } = part;
    if (run !== undefined) {
      part.run = (payload, context) => {
        if (context?.async === true) ASYNCHRONOUS.add(payload);
        return contained(() => run(payload, context), payload);
      };
    }
    if (check !== undefined) part.check = (payload) => contained(() => check(payload), payload);
  }
}

function contained(work: () => unknown, payload: object): unknown {
  let answer: unknown;
  try {
    answer = work();
  } catch (error) {
    if (!ASYNCHRONOUS.has(payload)) throw error;
    answer = rejected(error);
  }
  if (answer instanceof Promise) answer.catch(() => undefined);
  return answer;
}

/** Rejects with what was thrown, whatever it is. */
async function rejected(error: unknown): Promise<never> {
  await Promise.resolve();
  throw error;
}

/** The insides of a schema and of everything below it, each once: a schema may contain itself. */
function partsOf(schema: object): ReadonlySet<ZodInside> {
  const parts = new Set<ZodInside>();
  const seen = new Set<unknown>([schema]);
  // A set visits what is added while it is walked.
  for (const each of seen) {
    const inside = insideOf(each);
    if (inside === undefined) continue;
    parts.add(inside);
    for (const below of [...BELOW.map((name) => read(inside.def, name)), read(inside, 'innerType')]) {
      const members = insideOf(below) === undefined && isObject(below) ? Object.values(below) : [below];
      for (const member of members) if (isObject(member)) seen.add(member);
    }
  }
  return parts;
}

/** Checks by functions, transformations and codecs, and `z.promise()`. */
function hasOwnCode(def: ZodInside['def']): boolean {
  const { type, check, transform } = def ?? {};
  return (
    check === 'custom' || transform !== undefined || type === 'custom' || type === 'transform' || type === 'promise'
  );
}

export function insideOf(value: unknown): ZodInside | undefined {
  const inside: unknown = isObject(value) && '_zod' in value ? value._zod : undefined;
  return isObject(inside) ? inside : undefined;
}

function read(from: object | undefined, name: string): unknown {
  try {
    return from === undefined ? undefined : Reflect.get(from, name);
  } catch {
    // The function of a z.lazy(), which fails for every payload as well.
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
