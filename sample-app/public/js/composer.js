import { element } from './dom.js';

const COUNT_FROM = 1800;
const MAX_LENGTH = 2000;
const TYPING_EVERY_MS = 2500;
const TYPING_SHOWN_MS = 4000;

/** Where messages are written, and where the server's refusals are shown. */
export class Composer {
  #form = element('composer');
  #text = element('text');
  #send = element('send');
  #refusal = element('refusal');
  #counter = element('counter');
  #typing = element('typing');
  #typers = new Map();
  #lastTyped = 0;
  #pause;
  #refusedOffline = false;
  #onDraft;

  /**
   * @param {(text: string) => void} onSend
   * @param {() => void} onTyping
   * @param {(text: string) => void} onDraft called with whatever is written and not sent
   */
  constructor(onSend, onTyping, onDraft) {
    this.#onDraft = onDraft;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      const text = this.#text.value.trim();
      if (text === '' || this.#send.disabled) return;
      this.#set('');
      onDraft('');
      this.#refusal.hidden = true;
      onSend(text);
    });
    this.#text.addEventListener('keydown', (event) => {
      // While an input method composes a word, Enter chooses the word.
      if (event.key === 'Escape') this.#refusal.hidden = true;
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#form.requestSubmit();
    });
    this.#text.addEventListener('input', () => {
      this.#count();
      onDraft(this.#text.value);
      const now = Date.now();
      if (this.#text.value.trim() === '' || now - this.#lastTyped < TYPING_EVERY_MS) return;
      this.#lastTyped = now;
      onTyping();
    });
  }

  /** Starts over for another room, with what was written there and not sent. */
  reset(draft = '') {
    this.#set(draft);
    this.#lastTyped = 0;
    this.#refusal.hidden = true;
    for (const timer of this.#typers.values()) clearTimeout(timer);
    this.#typers.clear();
    this.#showTypers();
  }

  /** Whether there is a room to write in. */
  hide(isHidden) {
    this.#form.hidden = isHidden;
  }

  /** Begins writing; not where that would raise an on-screen keyboard over the messages. */
  focus() {
    if (matchMedia('(pointer: fine)').matches) this.#text.focus();
  }

  /**
   * Shows why a message was refused, and gives its text back unless something new has been written meanwhile.
   *
   * @returns {boolean} whether the text was given back
   */
  refuse(reason, text, retryAfterMs = 0) {
    this.#refusedOffline = false;
    this.#refusal.textContent = reason;
    this.#refusal.hidden = false;
    if (retryAfterMs > 0) this.#pauseFor(reason, retryAfterMs);
    if (this.#text.value !== '') return false;
    this.#set(text);
    this.#onDraft(text);
    return true;
  }

  /** The same for a message that was not sent because there was no connection: the reason is gone with {@link connected}. */
  refuseOffline(reason, text) {
    const isGivenBack = this.refuse(reason, text);
    this.#refusedOffline = true;
    return isGivenBack;
  }

  /** There is a connection again. */
  connected() {
    if (this.#refusedOffline) this.#refusal.hidden = true;
    this.#refusedOffline = false;
  }

  /** Shows that somebody is typing, for a few seconds. */
  showTyping(name) {
    clearTimeout(this.#typers.get(name));
    this.#typers.set(
      name,
      setTimeout(() => this.hideTyping(name), TYPING_SHOWN_MS),
    );
    this.#showTypers();
  }

  /** Somebody's message has arrived. */
  hideTyping(name) {
    clearTimeout(this.#typers.get(name));
    this.#typers.delete(name);
    this.#showTypers();
  }

  #pauseFor(reason, ms) {
    clearTimeout(this.#pause);
    const wait = Math.ceil(ms / 1000);
    this.#send.disabled = true;
    this.#refusal.textContent = `${reason} You can send again in ${wait} ${wait === 1 ? 'second' : 'seconds'}.`;
    this.#pause = setTimeout(() => {
      this.#send.disabled = false;
      this.#refusal.hidden = true;
    }, ms);
  }

  #set(text) {
    this.#text.value = text;
    this.#count();
  }

  #count() {
    const { length } = this.#text.value;
    this.#counter.textContent = length >= COUNT_FROM ? `${length} of ${MAX_LENGTH}` : '';
  }

  #showTypers() {
    const names = [...this.#typers.keys()];
    const text =
      names.length === 0
        ? ''
        : names.length === 1
          ? `${names[0]} is typing…`
          : names.length === 2
            ? `${names[0]} and ${names[1]} are typing…`
            : 'Several people are typing…';
    if (this.#typing.textContent !== text) this.#typing.textContent = text;
  }
}
