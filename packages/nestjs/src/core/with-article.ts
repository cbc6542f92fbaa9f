/** The name of a class with its article, as sentences of the boot have it: `an Array`, `a Map`, `a User`. */
export function withArticle(name: string): string {
  // "U" is spoken "you" in the names that classes have: User, Uint8Array, UnitPrice.
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}
