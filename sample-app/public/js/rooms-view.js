import { element, make } from './dom.js';

const LOCK =
  'M5 8V6a4 4 0 0 1 8 0v2M4.2 8h9.6c.7 0 1.2.5 1.2 1.2v5c0 .7-.5 1.2-1.2 1.2H4.2c-.7 0-1.2-.5-1.2-1.2v-5C3 8.500 3.500 8 4.200 8Z';
const SVG = 'http://www.w3.org/2000/svg';

/** The list of rooms. */
export class RoomsView {
  #list = element('room-list');
  #buttons = new Map();
  #unread = new Map();

  constructor(onChoose) {
    this.#list.addEventListener('click', (event) => {
      const button = event.target.closest('button');
      if (button !== null) onChoose(button.dataset.room);
    });
  }

  /** @param {{ id: string, name: string, member: boolean }[]} rooms */
  show(rooms) {
    this.#buttons.clear();
    this.#list.replaceChildren(...rooms.map((room) => this.#row(room)));
  }

  choose(roomId) {
    for (const [id, button] of this.#buttons) button.setAttribute('aria-current', String(id === roomId));
    this.#setUnread(roomId, 0);
  }

  addUnread(roomId) {
    this.#setUnread(roomId, (this.#unread.get(roomId) ?? 0) + 1);
  }

  #row({ id, name, member }) {
    const button = make('button', 'room-button');
    button.type = 'button';
    button.dataset.room = id;
    const sign = make('span', 'sign', member ? '#' : undefined);
    sign.setAttribute('aria-hidden', 'true');
    if (!member) sign.append(lock());
    button.append(sign, make('span', 'label', name));
    if (!member) button.append(make('span', 'visually-hidden', ', private'));
    this.#buttons.set(id, button);
    const row = make('li');
    row.append(button);
    return row;
  }

  #setUnread(roomId, count) {
    this.#unread.set(roomId, count);
    const button = this.#buttons.get(roomId);
    button?.querySelector('.unread')?.remove();
    if (button === undefined || count === 0) return;
    const badge = make('span', 'unread', count > 99 ? '99+' : String(count));
    badge.append(make('span', 'visually-hidden', count === 1 ? ' new message' : ' new messages'));
    button.append(badge);
  }
}

function lock() {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 18 18');
  svg.setAttribute('width', '17');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', LOCK);
  path.setAttribute('fill', 'none');
  path.setAttribute('stroke', 'currentColor');
  path.setAttribute('stroke-width', '1.5');
  svg.append(path);
  return svg;
}
