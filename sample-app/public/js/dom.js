/** The element of the page with an id. */
export const element = (id) => document.getElementById(id);

/**
 * Makes an element that shows a text. Text is only ever set as text: what people write is never parsed as markup, here or
 * anywhere else in these files.
 */
export function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className !== undefined) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
