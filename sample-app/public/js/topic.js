import DOMPurify from '/vendor/dompurify/purify.es.mjs';

const ALLOWED = { ALLOWED_TAGS: ['strong', 'em', 'code'], ALLOWED_ATTR: [], RETURN_DOM_FRAGMENT: true };

/** Shows a room's topic, the one text of the chat that may hold markup: a little of it, and none with attributes. */
export function showTopic(target, markup) {
  target.replaceChildren(DOMPurify.sanitize(markup, ALLOWED));
}
