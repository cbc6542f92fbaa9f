import {
  CHALLENGE_SUBPROTOCOL_PREFIX,
  closeCodeName,
  parseCloseReason,
  reconnectAdvice,
  SECURE_WS_SUBPROTOCOL,
} from '/vendor/protocol/index.js';
import { handshakeChallenge, socketCredential } from './api.js';
import { ReconnectAttempts } from './reconnect-plan.js';

const REQUEST_TIMEOUT_MS = 15_000;
const REFRESH_AGAIN_MS = 5000;

/**
 * Why a request failed: `code` is that of the error frame, or `OFFLINE` (it was never sent), `DISCONNECTED` (the connection
 * ended before the answer) or `NO_ANSWER` (none came in time).
 */
export class Refusal extends Error {
  constructor(data) {
    super(`The request was refused: ${data.code}.`);
    Object.assign(this, { code: data.code, retryAfterMs: data.retryAfterMs, issues: data.issues });
  }
}

/**
 * A WebSocket to the chat that refreshes itself in place, and comes back by itself as the close codes advise.
 *
 * Events: `state` (detail `{ state: 'connecting' | 'open' | 'waiting' | 'closed', closeName?, delayMs? }`), `push` (detail
 * `{ event, data }`), `log-in` (the session has ended).
 */
export class ChatConnection extends EventTarget {
  #socket;
  #timer;
  #attempts = new ReconnectAttempts();
  #nextId = 1;
  #pending = new Map();
  #stopped = true;
  #wake = () => this.retryNow();
  #waiting = false;
  #mustSolve = false;

  /** Whether messages can be sent now. */
  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Connects, and stays connected until {@link stop}. */
  start() {
    this.#stopped = false;
    this.#attempts = new ReconnectAttempts();
    addEventListener('online', this.#wake);
    void this.#connect();
  }

  /** Closes for good. */
  stop() {
    this.#stopped = true;
    this.#waiting = false;
    clearTimeout(this.#timer);
    removeEventListener('online', this.#wake);
    this.#socket?.close(1000);
    this.#socket = undefined;
    this.#failPending();
  }

  /** Connects at once instead of waiting on; after the connection was closed for good, starts again. */
  retryNow() {
    if (this.#stopped || !this.#waiting) return;
    void this.#connect();
  }

  /** The server answered something useful: the next loss starts with short delays again. */
  worked() {
    this.#attempts.worked();
  }

  /** Sends a message that has no answer. It is lost while there is no connection. */
  notify(event, data) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ event, data }));
  }

  /**
   * Sends a message and waits for its answer.
   *
   * @returns {Promise<any>} the data of the answer
   * @throws {Refusal}
   */
  request(event, data) {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Refusal({ code: 'OFFLINE' }));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#settle(id, (waiting) => waiting.reject(new Refusal({ code: 'NO_ANSWER' }))),
        REQUEST_TIMEOUT_MS,
      );
      this.#pending.set(id, { resolve, reject, timer });
      socket.send(JSON.stringify({ event, data, id }));
    });
  }

  async #connect() {
    clearTimeout(this.#timer);
    this.#waiting = false;
    this.#emit('state', { state: 'connecting' });
    let protocols;
    try {
      protocols = await this.#protocols();
    } catch (error) {
      if (this.#stopped) return;
      if (error.status === 401) this.#logIn('LOGGED_OUT');
      else this.#follow(this.#attempts.notFetched());
      return;
    }
    if (this.#stopped) return;
    const socket = new WebSocket(`wss://${location.host}/chat`, protocols);
    this.#socket = socket;
    socket.addEventListener('open', () => this.#emit('state', { state: 'open' }));
    socket.addEventListener('message', (message) => this.#receive(message.data));
    socket.addEventListener('close', (close) => this.#closed(socket, close));
  }

  // A fresh credential for each attempt: a ticket is used up by one.
  async #protocols() {
    const { scheme, value } = await socketCredential();
    const protocols = [SECURE_WS_SUBPROTOCOL, `${scheme}.${value}`];
    if (!this.#mustSolve) return protocols;
    this.#mustSolve = false;
    const [{ solve }, challenge] = await Promise.all([import('./proof-of-work.js'), handshakeChallenge()]);
    return [...protocols, CHALLENGE_SUBPROTOCOL_PREFIX + (await solve(challenge))];
  }

  /** Renews the identity of the connection, while messages go on. */
  async #refresh() {
    const socket = this.#socket;
    try {
      const { scheme, value } = await socketCredential();
      if (socket !== this.#socket) return;
      await this.request('$auth', { [scheme === 'ticket' ? 'ticket' : 'token']: value });
      this.#emit('refreshed');
    } catch (error) {
      // Too soon after the last one, or the server was away. Where it stays at that, the connection ends with its identity
      // and comes back with a fresh one.
      if (socket !== this.#socket || (error.code === 'FORBIDDEN' && !error.retryAfterMs)) return;
      setTimeout(() => socket === this.#socket && void this.#refresh(), error.retryAfterMs || REFRESH_AGAIN_MS);
    }
  }

  #receive(text) {
    const { event, data, id } = JSON.parse(text);
    if (id === undefined) {
      if (event === '$refresh') void this.#refresh();
      else if (event !== 'error') this.#emit('push', { event, data });
      return;
    }
    this.#settle(id, (waiting) => {
      if (event === 'error') waiting.reject(new Refusal(data));
      else waiting.resolve(data);
    });
  }

  #closed(socket, { code, reason }) {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    this.#failPending();
    const closeName = closeCodeName(code);
    this.#mustSolve = closeName === 'CHALLENGE_REQUIRED';
    const retryAfterMs = parseCloseReason(reason)?.retryAfterMs;
    this.#follow(this.#attempts.closed({ advice: reconnectAdvice(code), retryAfterMs }), closeName);
  }

  #follow(plan, closeName) {
    if (plan.action === 'log-in') {
      this.#logIn(closeName);
    } else {
      this.#waiting = true;
      if (plan.action === 'retry') {
        this.#timer = setTimeout(() => void this.#connect(), plan.delayMs);
        this.#emit('state', { state: 'waiting', closeName, delayMs: plan.delayMs });
      } else {
        this.#emit('state', { state: 'closed', closeName });
      }
    }
  }

  #logIn(closeName) {
    this.stop();
    this.#emit('log-in', { closeName });
  }

  #settle(id, how) {
    const waiting = this.#pending.get(id);
    if (waiting === undefined) return;
    this.#pending.delete(id);
    clearTimeout(waiting.timer);
    how(waiting);
  }

  #failPending() {
    for (const id of [...this.#pending.keys()]) {
      this.#settle(id, (waiting) => waiting.reject(new Refusal({ code: 'DISCONNECTED' })));
    }
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
