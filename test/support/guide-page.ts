import { readFileSync } from 'node:fs';

/** A code block of a page of the guide, by the name in the hidden comment above it. @throws Error where there is none. */
export function guideBlock(page: string, name: string): string {
  const text = readFileSync(new URL(`../../docs/guide/${page}`, import.meta.url), 'utf8');
  const block = new RegExp(`<!-- file: ${name} -->\\n+\`\`\`\\w+\\n([^]*?)\`\`\`\\n`).exec(text)?.[1];
  if (block === undefined) throw new Error(`docs/guide/${page} has no block ${name}.`);
  return block;
}

/** Replaces what a test must have otherwise than the page. @throws Error where the page no longer says it. */
export function adapted(text: string, changes: readonly (readonly [what: string | RegExp, by: string])[]): string {
  return changes.reduce((before, [what, by]) => {
    const after = before.replace(what, () => by);
    if (after === before && !before.includes(by)) throw new Error(`The guide no longer says ${String(what)}.`);
    return after;
  }, text);
}
