/** The element with an id. */
export const byId = (id) => document.getElementById(id);

/** Makes an element. Texts become text: whatever a client is called, it is no markup. */
export function element(name, { text, ...properties } = {}, ...children) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(properties)) {
    if (key in made && !key.startsWith('aria')) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** A cell of a table. */
export const cell = (text, className = '') => element('td', { text, className });

const WHOLE = new Intl.NumberFormat('en');

/** A number with separators. */
export const count = (value) => WHOLE.format(value);

/** An amount of bytes. */
export function bytes(value) {
  if (value < 1024) return `${value} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let amount = value / 1024;
  let unit = 0;
  for (; amount >= 1024 && unit < units.length - 1; unit += 1) amount /= 1024;
  return `${amount.toFixed(amount < 10 ? 1 : 0)} ${units[unit]}`;
}

/** A length of time. */
export function duration(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
}

/** A moment, such as `14:03:22`. */
export const time = (iso) => new Date(iso).toLocaleTimeString([], { hour12: false });

/** A moment with its day. */
export const dateTime = (iso) => new Date(iso).toLocaleString([], { hour12: false });
