import { element, make } from './dom.js';

const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const TOGETHER_MS = 5 * 60_000;
const TONES = 5;

/** The messages of the room that is open. */
export class MessagesView {
  #scroll = element('scroll');
  #list = element('messages');
  #earlier = element('earlier');
  #locked = element('locked');
  #messages = [];
  #pending = new Map();
  #me;
  #height = 0;
  #wasAtEnd = true;

  constructor(onEarlier) {
    this.#earlier.addEventListener('click', onEarlier);
    this.#scroll.addEventListener('scroll', () => {
      if (this.#scroll.clientHeight === this.#height) this.#wasAtEnd = this.#isAtEnd();
    });
    // A notice above or below takes its height from the messages: whoever has read to the end goes on seeing the end.
    new ResizeObserver(() => {
      this.#height = this.#scroll.clientHeight;
      if (this.#wasAtEnd) this.#toEnd();
    }).observe(this.#scroll);
  }

  /** The id of the oldest message that is shown. */
  get oldestId() {
    return this.#messages[0]?.id;
  }

  /** Empties the view. */
  clear(me) {
    this.#me = me;
    this.#messages = [];
    this.#pending.clear();
    this.#earlier.hidden = true;
    this.#locked.hidden = true;
    this.#wasAtEnd = true;
    this.#draw();
  }

  /** Shows that the room is not ours. */
  lock() {
    this.#locked.hidden = false;
  }

  /** Shows the newest messages. */
  show({ messages, hasMore }) {
    this.#messages = messages;
    this.#earlier.hidden = !hasMore;
    // Filling the view is not news: nobody wants fifty messages read aloud.
    this.#quietly(() => this.#draw());
    this.#toEnd();
  }

  /** Shows older messages above the others, without moving what one reads. */
  prepend({ messages, hasMore }) {
    const fromEnd = this.#scroll.scrollHeight - this.#scroll.scrollTop;
    this.#messages = [...messages, ...this.#messages];
    this.#earlier.hidden = !hasMore;
    this.#quietly(() => this.#draw());
    this.#scroll.scrollTop = this.#scroll.scrollHeight - fromEnd;
  }

  /** Shows a message that arrived, or one of ours that was stored. */
  add(message) {
    if (this.#messages.some((shown) => shown.id === message.id)) return;
    const follow = this.#isAtEnd() || message.author.id === this.#me.id;
    const before = this.#messages.at(-1);
    this.#messages.push(message);
    this.#list.insertBefore(this.#item(message, before), this.#list.querySelector('.pending, .failed'));
    if (follow) this.#toEnd();
  }

  /** Shows a message that is on its way. @returns a key for {@link settle} */
  addPending(text) {
    const key = Symbol('pending');
    const item = this.#item({ author: this.#me, text, sentAt: new Date().toISOString() }, this.#messages.at(-1));
    item.classList.add('pending');
    // Not read aloud: the stored message that takes its place is.
    item.setAttribute('aria-hidden', 'true');
    item.querySelector('time').textContent = 'Sending…';
    this.#pending.set(key, item);
    this.#list.append(item);
    this.#toEnd();
    return key;
  }

  /** Takes a message that was on its way off again: it was stored (and added), or refused. */
  settle(key) {
    this.#pending.get(key)?.remove();
    this.#pending.delete(key);
  }

  /** Keeps a message that was refused in sight, so that its text is not lost. */
  fail(key) {
    const item = this.#pending.get(key);
    if (item === undefined) return;
    item.classList.replace('pending', 'failed');
    item.removeAttribute('aria-hidden');
    item.querySelector('time').textContent = 'Not sent';
  }

  #draw() {
    const items = this.#messages.map((message, index) => this.#item(message, this.#messages[index - 1]));
    this.#list.replaceChildren(...items, ...this.#pending.values());
  }

  #item(message, before) {
    const { author, text, sentAt } = message;
    const sent = new Date(sentAt);
    const newDay = before === undefined || DAY.format(new Date(before.sentAt)) !== DAY.format(sent);
    const follows = !newDay && before.author.id === author.id && sent - new Date(before.sentAt) < TOGETHER_MS;

    const item = make('li', 'message-row');
    if (newDay) item.append(make('p', 'day', DAY.format(sent)));
    const row = make('div', 'message');
    row.classList.toggle('mine', author.id === this.#me.id);
    row.classList.toggle('follows', follows);
    const avatar = make('span', 'avatar', author.name.slice(0, 1).toUpperCase());
    avatar.dataset.tone = String([...author.id].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % TONES);
    avatar.setAttribute('aria-hidden', 'true');
    const time = make('time', undefined, TIME.format(sent));
    time.dateTime = sentAt;
    const meta = make('div', 'meta');
    meta.append(make('span', 'author', author.name), time);
    const bubble = make('p', 'bubble', text);
    bubble.dir = 'auto';
    const body = make('div', 'body');
    body.append(meta, bubble);
    row.append(avatar, body);
    item.append(row);
    return item;
  }

  #isAtEnd() {
    return this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight < 80;
  }

  #toEnd() {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  #quietly(change) {
    this.#list.setAttribute('aria-live', 'off');
    change();
    requestAnimationFrame(() => this.#list.setAttribute('aria-live', 'polite'));
  }
}
