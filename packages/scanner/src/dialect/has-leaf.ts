/** Whether there is any value in a value: something else than `null`, at any depth, and than the `__typename` of GraphQL. */
export function hasLeaf(value: unknown): boolean {
  const waiting: unknown[] = [value];
  // No recursion: a server may nest what it sends as deep as it likes.
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (next === undefined || next === null) continue;
    if (typeof next !== 'object') return true;
    for (const [key, child] of Object.entries(next)) if (key !== '__typename') waiting.push(child);
  }
  return false;
}
