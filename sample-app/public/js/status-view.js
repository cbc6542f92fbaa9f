import { element } from './dom.js';
import { closeText, endText } from './plain-words.js';

/** Shows the state of the connection. */
export class StatusView {
  #box = element('connection');
  #text = element('connection-text');
  #countdown = element('connection-countdown');
  #retry = element('connection-retry');
  #ticker;

  constructor(onRetry) {
    this.#retry.addEventListener('click', onRetry);
  }

  /** @param {{ state: 'connecting' | 'open' | 'waiting' | 'closed', closeName?: string, delayMs?: number }} detail */
  show({ state, closeName, delayMs = 0 }) {
    clearInterval(this.#ticker);
    this.#countdown.textContent = '';
    this.#retry.hidden = state !== 'waiting' && state !== 'closed';
    this.#box.dataset.state = state === 'waiting' ? 'connecting' : state;
    switch (state) {
      case 'open':
        this.#say('Connected');
        break;
      case 'connecting':
        this.#say('Connecting…');
        break;
      case 'waiting':
        this.#say(`${closeText(closeName)} Reconnecting`);
        this.#countDown(Date.now() + delayMs);
        break;
      case 'closed':
        this.#say(endText(closeName));
        break;
    }
  }

  #say(text) {
    // The same text again would be read aloud again.
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }

  // Apart from the spoken text: a screen reader that announced every second would say nothing else.
  #countDown(end) {
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000);
      this.#countdown.textContent = left > 0 ? `in ${left} s` : '…';
    };
    tick();
    this.#ticker = setInterval(tick, 500);
  }
}
