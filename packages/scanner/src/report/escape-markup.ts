const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * A text inside of an element or a quoted attribute, in XML as well as in HTML: what the scanned server has sent can end
 * neither. Characters that XML 1.0 does not have at all are left to {@link visibleText}.
 */
export function escapeMarkup(text: string): string {
  // U+FFFE and U+FFFF are no characters of XML 1.0, in no spelling.
  return text.replace(/[&<>"'\ufffe\uffff]/g, (character) => ENTITIES[character] ?? '\ufffd');
}
