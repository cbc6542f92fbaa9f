const ALLOWED = { ALLOWED_TAGS: ['strong', 'em', 'code'], ALLOWED_ATTR: [], RETURN_DOM_FRAGMENT: true };

/**
 * Shows a room's topic, the one text of the chat that may hold markup: a little of it, and none with attributes. The
 * sanitiser is the largest file of the page, and nothing waits for it but the topic.
 *
 * @param {Element} target
 * @param {string} markup
 * @param {() => boolean} isWanted whether the room is still open once the sanitiser is there
 */
export async function showTopic(target, markup, isWanted) {
  const { default: DOMPurify } = await import('/vendor/dompurify/purify.es.mjs');
  if (isWanted()) target.replaceChildren(DOMPurify.sanitize(markup, ALLOWED));
}
