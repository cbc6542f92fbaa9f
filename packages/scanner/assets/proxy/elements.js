/** The element with an id. */
export const byId = (id) => document.getElementById(id);

/** Makes an element. Texts become text: whatever goes through the proxy, it is no markup. */
export function element(name, { text, ...properties } = {}, ...children) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = visible(text);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Writes what cannot be seen, or turns a text around, as `\uXXXX`. */
export function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** A moment, such as `14:03:22`. */
export const time = (ms) => new Date(ms).toLocaleTimeString([], { hour12: false });
