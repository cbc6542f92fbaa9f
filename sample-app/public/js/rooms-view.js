import { element, make } from './dom.js';
import { roomAddress } from './room-address.js';

const LOCK =
  'M5 8V6a4 4 0 0 1 8 0v2M4.2 8h9.6c.7 0 1.2.5 1.2 1.2v5c0 .7-.5 1.2-1.2 1.2H4.2c-.7 0-1.2-.5-1.2-1.2v-5C3 8.500 3.500 8 4.200 8Z';
const SVG = 'http://www.w3.org/2000/svg';

/** The list of rooms. */
export class RoomsView {
  #list = element('room-list');
  #links = new Map();
  #unread = new Map();

  /** @param {{ id: string, name: string, member: boolean }[]} rooms */
  show(rooms) {
    this.#links.clear();
    this.#unread.clear();
    this.#list.replaceChildren(...rooms.map((room) => this.#row(room)));
  }

  /** Marks the room that is open. @param {string | undefined} roomId */
  choose(roomId) {
    for (const [id, link] of this.#links) link.setAttribute('aria-current', id === roomId ? 'page' : 'false');
    if (roomId !== undefined) this.#setUnread(roomId, 0);
  }

  addUnread(roomId) {
    this.#setUnread(roomId, (this.#unread.get(roomId) ?? 0) + 1);
  }

  #row({ id, name, member }) {
    const link = make('a', 'room-link');
    link.href = roomAddress(id);
    const sign = make('span', 'sign', member ? '#' : undefined);
    sign.setAttribute('aria-hidden', 'true');
    if (!member) sign.append(lock());
    link.append(sign, make('span', 'label', name));
    if (!member) link.append(make('span', 'visually-hidden', ', private'));
    this.#links.set(id, link);
    const row = make('li');
    row.append(link);
    return row;
  }

  #setUnread(roomId, count) {
    this.#unread.set(roomId, count);
    const link = this.#links.get(roomId);
    link?.querySelector('.unread')?.remove();
    if (link === undefined || count === 0) return;
    const badge = make('span', 'unread', count > 99 ? '99+' : String(count));
    badge.append(make('span', 'visually-hidden', count === 1 ? ' new message' : ' new messages'));
    link.append(badge);
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
