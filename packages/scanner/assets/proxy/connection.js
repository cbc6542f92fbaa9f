const RETRY_MS = 1000;

/** The socket of the page: tells what happens, and carries decisions. Comes back by itself. */
export class ProxyFeed {
  #socket;
  #onMessage;
  #onState;

  constructor(onMessage, onState) {
    this.#onMessage = onMessage;
    this.#onState = onState;
    this.#open();
  }

  /** Asks for something; what is asked for without a connection is lost, and the person sees that there is none. */
  send(command) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command));
  }

  #open() {
    const address = new URL('socket', location.href);
    address.protocol = 'ws:';
    this.#socket = new WebSocket(address);
    this.#socket.onopen = () => this.#onState('Connected');
    this.#socket.onmessage = ({ data }) => this.#onMessage(JSON.parse(data));
    this.#socket.onclose = () => {
      this.#onState('The proxy is gone');
      setTimeout(() => this.#open(), RETRY_MS);
    };
  }
}
