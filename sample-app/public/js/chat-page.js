import { listRooms, logOut } from './api.js';
import { ChatConnection, Refusal } from './chat-connection.js';
import { Composer } from './composer.js';
import { element } from './dom.js';
import { MessagesView } from './messages-view.js';
import { refusalText } from './plain-words.js';
import { RoomsView } from './rooms-view.js';
import { StatusView } from './status-view.js';
import { showTopic } from './topic.js';

/** The page of somebody who is logged in. */
export class ChatPage {
  #connection;
  #me;
  #rooms = [];
  #current;
  #leave;
  #status = new StatusView(() => this.#connection?.retryNow());
  #list = new RoomsView((roomId) => void this.#open(roomId));
  #messages = new MessagesView(() => void this.#earlier());
  #composer = new Composer(
    (text) => void this.#send(text),
    () => this.#typing(),
  );

  /** @param {(closeName?: string) => void} leave called when the person is logged out */
  constructor(leave) {
    this.#leave = leave;
    element('logout').addEventListener('click', () => void this.#logOut());
  }

  /** @param {{ id: string, displayName: string }} user */
  async start(user) {
    this.#me = { id: user.id, name: user.displayName };
    element('me-name').textContent = user.displayName;
    this.#current = undefined;
    this.#messages.clear(this.#me);
    this.#rooms = await listRooms();
    this.#list.show(this.#rooms);
    // One object for each log-in: what still runs for the one before cannot touch this one.
    const connection = new ChatConnection();
    this.#connection = connection;
    connection.addEventListener('state', ({ detail }) => {
      this.#status.show(detail);
      if (detail.state === 'open') void this.#joinAll();
    });
    connection.addEventListener('push', ({ detail }) => this.#pushed(detail));
    connection.addEventListener('log-in', ({ detail }) => this.#leave(detail.closeName));
    connection.start();
  }

  // After every connect: the server forgets with the connection which rooms it listened to.
  async #joinAll() {
    const chosen = this.#current ?? this.#rooms.find((room) => room.member)?.id;
    const others = this.#rooms.filter((room) => room.member && room.id !== chosen);
    if (chosen !== undefined) await this.#open(chosen);
    await Promise.allSettled(others.map((room) => this.#connection.request('room.join', { roomId: room.id })));
  }

  async #open(roomId) {
    const room = this.#rooms.find((each) => each.id === roomId);
    if (room === undefined) return;
    const again = this.#current === roomId;
    this.#current = roomId;
    this.#list.choose(roomId);
    if (!again) {
      this.#messages.clear(this.#me);
      this.#composer.reset();
      element('room-name').textContent = room.name;
      element('room-topic').replaceChildren();
      document.title = `${room.name} · SecureWs chat`;
      this.#composer.focus();
    }
    try {
      const joined = await this.#connection.request('room.join', { roomId });
      const page = await this.#connection.request('message.history', { roomId });
      this.#connection.worked();
      if (this.#current !== roomId) return;
      showTopic(element('room-topic'), joined.topic);
      this.#messages.show(page);
    } catch (error) {
      this.#notOpened(roomId, error);
    }
  }

  #notOpened(roomId, error) {
    if (!(error instanceof Refusal)) throw error;
    if (this.#current !== roomId || error.code === 'DISCONNECTED') return;
    if (error.code === 'FORBIDDEN') this.#messages.lock();
    else this.#composer.refuse('This room could not be opened. Please choose it again.', '');
  }

  async #earlier() {
    const roomId = this.#current;
    try {
      const page = await this.#connection.request('message.history', { roomId, before: this.#messages.oldestId });
      if (this.#current === roomId) this.#messages.prepend(page);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#composer.refuse('Earlier messages could not be loaded. Please try again in a moment.', '');
    }
  }

  async #send(text) {
    const roomId = this.#current;
    const pending = this.#messages.addPending(text);
    try {
      const message = await this.#connection.request('message.send', { roomId, text });
      this.#messages.settle(pending);
      if (this.#current === roomId) this.#messages.add(message);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (this.#current !== roomId) return;
      if (this.#composer.refuse(refusalText(error), text, error.retryAfterMs)) this.#messages.settle(pending);
      else this.#messages.fail(pending);
    }
  }

  #typing() {
    const room = this.#rooms.find((each) => each.id === this.#current);
    if (room?.member === true) this.#connection.notify('typing', { roomId: room.id });
  }

  #pushed({ event, data }) {
    if (event === 'message') {
      if (data.roomId !== this.#current) {
        this.#list.addUnread(data.roomId);
        return;
      }
      this.#composer.hideTyping(data.author.name);
      this.#messages.add(data);
    } else if (event === 'typing' && data.roomId === this.#current && data.user.id !== this.#me.id) {
      this.#composer.showTyping(data.user.name);
    }
  }

  async #logOut() {
    this.#connection.stop();
    // Also where the server cannot be reached: whoever asks to leave does not see the chat any longer.
    await logOut().catch(() => undefined);
    this.#leave();
  }
}
