const REQUEST_TIMEOUT_MS = 15_000;
const LONGEST_WAIT_MS = 30_000;

/** How long nothing may come, beyond three times that figures are due: TCP would tell of a dead line after minutes. */
const SILENCE_MS = 10_000;

/** Why a request failed: `code` is that of the error frame, `reason` that of the application. */
export class Refusal extends Error {
  constructor({ code, reason, retryAfterMs }) {
    super(`The request was refused: ${code}.`);
    Object.assign(this, { code, reason, retryAfterMs });
  }
}

/**
 * The socket of the page. It asks for a fresh ticket with every attempt, refreshes itself in place, gives a line up on which
 * nothing comes any more, and comes back with growing delays, until the server no longer gives a ticket.
 *
 * `onState({ state: 'connecting' | 'open' | 'waiting' | 'ended', delayMs?, mayAct? })`
 */
export class OperationsConnection {
  #base;
  #onState;
  #socket;
  #timer;
  #silence;
  #silenceMs = SILENCE_MS;
  #attempt = 0;
  #nextId = 1;
  #waiting = new Map();

  constructor(base, onState) {
    this.#base = base;
    this.#onState = onState;
  }

  async connect() {
    clearTimeout(this.#timer);
    this.#onState({ state: 'connecting' });
    try {
      const { ticket, socketPath, mayAct, refreshMs } = await this.#ticket();
      this.#silenceMs = SILENCE_MS + 3 * refreshMs;
      const url = new URL(socketPath, location.href.replace(/^http/, 'ws'));
      const socket = new WebSocket(url, ['secure-ws.v1', `ticket.${ticket}`]);
      this.#socket = socket;
      this.#heard(socket);
      socket.addEventListener('open', () => this.#onState({ state: 'open', mayAct }));
      socket.addEventListener('message', ({ data }) => {
        this.#heard(socket);
        this.#receive(JSON.parse(data));
      });
      socket.addEventListener('close', () => this.#closed(socket));
    } catch (error) {
      if (error.status === 404) this.#onState({ state: 'ended' });
      else this.#retry();
    }
  }

  /** Closes for good. */
  end() {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
    this.#fail();
    this.#onState({ state: 'ended' });
  }

  /** The server answered something useful: the next loss begins with short delays again. */
  worked() {
    this.#attempt = 0;
  }

  /** Sends a message and waits for its answer. @throws {Refusal} */
  request(event, data) {
    return new Promise((resolve, reject) => {
      const settle = (message) => {
        this.#waiting.delete(id);
        clearTimeout(timer);
        if (message.event === 'error') reject(new Refusal(message.data));
        else resolve(message.data);
      };
      const id = this.#send(event, data, settle);
      const timer = setTimeout(() => settle(errorOf('NO_ANSWER')), REQUEST_TIMEOUT_MS);
    });
  }

  /** Asks for a stream. @param onEnd called once, with the refusal that ended it if one did */
  stream(event, onValue, onEnd) {
    const id = this.#send(event, undefined, (message) => {
      const isOver = message.event === 'error' || message.end === true;
      if (!isOver) {
        onValue(message.data);
        return;
      }
      this.#waiting.delete(id);
      onEnd(message.event === 'error' ? new Refusal(message.data) : undefined);
    });
  }

  #send(event, data, settle) {
    const id = this.#nextId++;
    this.#waiting.set(id, settle);
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ event, data, id }));
    else queueMicrotask(() => this.#waiting.get(id)?.(errorOf('OFFLINE')));
    return id;
  }

  async #ticket() {
    const response = await fetch(`${this.#base}/ticket`, { method: 'POST' });
    if (!response.ok) throw Object.assign(new Error('There is no ticket.'), { status: response.status });
    return response.json();
  }

  #receive(message) {
    if (message.id !== undefined) this.#waiting.get(message.id)?.(message);
    else if (message.event === '$refresh') void this.#refresh();
  }

  /** Renews the identity of the connection, while messages go on. Where it fails, the connection ends with its identity. */
  async #refresh() {
    try {
      const { ticket } = await this.#ticket();
      await this.request('$auth', { ticket });
    } catch {
      // It comes back with a fresh one, or says that there is none.
    }
  }

  #closed(socket) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#silence);
    this.#socket = undefined;
    this.#fail();
    this.#retry();
  }

  /** Waits for what comes next. */
  #heard(socket) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      socket.close();
      // Its own event may take minutes.
      this.#closed(socket);
    }, this.#silenceMs);
  }

  #retry() {
    const delayMs = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** this.#attempt) * (0.75 + Math.random() / 2);
    this.#attempt += 1;
    this.#onState({ state: 'waiting', delayMs });
    this.#timer = setTimeout(() => void this.connect(), delayMs);
  }

  #fail() {
    for (const settle of [...this.#waiting.values()]) settle(errorOf('DISCONNECTED'));
  }
}

const errorOf = (code) => ({ event: 'error', data: { code } });
