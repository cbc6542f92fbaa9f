/** Copies validated data: objects with their classes, and what they hold. What has no parts of its own is shared. */
export function copyOf(value: unknown, known = new Map<object, unknown>()): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const before = known.get(value);
  if (before !== undefined) return before;
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  if (isPlatformValue(value)) return structuredClone(value);
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    known.set(value, list);
    for (const item of value as unknown[]) list.push(copyOf(item, known));
    return list;
  }
  const copy = Object.create(Object.getPrototypeOf(value) as object | null) as Record<string, unknown>;
  known.set(value, copy);
  for (const [name, item] of Object.entries(value)) {
    // Defined, not assigned: a setter of its class has run once.
    Object.defineProperty(copy, name, {
      value: copyOf(item, known),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return copy;
}

/** Whether a value keeps its content in places of its own, which no property shows. */
function isPlatformValue(value: object): boolean {
  return value instanceof Date || value instanceof Map || value instanceof Set || ArrayBuffer.isView(value);
}
