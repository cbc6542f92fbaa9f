import { listRooms, logOut, logOutEverywhere } from './api.js';
import { ChatConnection, Refusal } from './chat-connection.js';
import { Composer } from './composer.js';
import { element } from './dom.js';
import { Drafts } from './drafts.js';
import { MessagesView } from './messages-view.js';
import { closeText, refusalText } from './plain-words.js';
import { addressedRoom, roomAddress } from './room-address.js';
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
  #list = new RoomsView();
  #drafts = new Drafts();
  #messages = new MessagesView(() => void this.#earlier());
  #composer = new Composer(
    (text) => void this.#send(text),
    () => this.#typing(),
    (text) => this.#drafts.keep(this.#current, text),
  );

  /** @param {(message?: string) => void} leave called when the person is logged out, with what is to be said about it */
  constructor(leave) {
    this.#leave = leave;
    element('logout').addEventListener('click', () => void this.#logOut(logOut, undefined));
    element('logout-everywhere').addEventListener('click', () => {
      void this.#logOut(logOutEverywhere, 'The server cannot be reached: you may still be logged in elsewhere.');
    });
    addEventListener('hashchange', () => void this.#follow());
  }

  /** @param {{ id: string, displayName: string }} user */
  async start(user) {
    this.#me = { id: user.id, name: user.displayName };
    this.#drafts.begin(user.id);
    element('me-name').textContent = user.displayName;
    this.#showList();
    this.#rooms = await listRooms();
    this.#list.show(this.#rooms);
    const first = this.#rooms.find((room) => room.member)?.id;
    // An entry of its own, so that Back leads to the list and not out of the chat.
    if (addressedRoom() === undefined && first !== undefined) history.pushState(null, '', roomAddress(first));
    void this.#follow();
    // One object for each log-in: what still runs for the one before cannot touch this one.
    const connection = new ChatConnection();
    this.#connection = connection;
    connection.addEventListener('state', ({ detail }) => {
      this.#status.show(detail);
      if (detail.state !== 'open') return;
      this.#composer.connected();
      void this.#joinAll();
    });
    connection.addEventListener('push', ({ detail }) => this.#pushed(detail));
    connection.addEventListener('log-in', ({ detail }) => {
      this.clear();
      this.#leave(closeText(detail.closeName));
    });
    connection.start();
  }

  /** Forgets what the person has read and written: a hidden page still has everything that stands in it. */
  clear() {
    this.#connection = undefined;
    this.#rooms = [];
    this.#drafts.clear();
    this.#showList();
    this.#list.show([]);
    element('me-name').textContent = '';
  }

  // After every connect: the server forgets with the connection which rooms it listened to.
  async #joinAll() {
    const chosen = this.#current;
    const others = this.#rooms.filter((room) => room.member && room.id !== chosen);
    if (chosen !== undefined) await this.#open(chosen);
    await Promise.allSettled(others.map((room) => this.#connection.request('room.join', { roomId: room.id })));
  }

  /** Shows what the address of the page names. */
  async #follow() {
    const roomId = addressedRoom();
    if (this.#rooms.length === 0 || (roomId !== undefined && roomId === this.#current)) return;
    if (this.#rooms.some((room) => room.id === roomId)) await this.#open(roomId);
    else this.#showList(roomId === undefined ? undefined : 'There is no such room');
  }

  #showList(heading = 'Choose a room') {
    this.#current = undefined;
    this.#list.choose(undefined);
    this.#messages.clear(this.#me);
    this.#composer.reset();
    this.#composer.hide(true);
    element('room-name').textContent = heading;
    element('room-topic').replaceChildren();
    document.title = 'SecureWs chat';
  }

  async #open(roomId) {
    const room = this.#rooms.find((each) => each.id === roomId);
    const again = this.#current === roomId;
    this.#current = roomId;
    this.#list.choose(roomId);
    if (!again) {
      this.#messages.clear(this.#me);
      this.#composer.reset(this.#drafts.of(roomId));
      this.#composer.hide(false);
      element('room-name').textContent = room.name;
      element('room-topic').replaceChildren();
      document.title = `${room.name} · SecureWs chat`;
      this.#composer.focus();
    }
    // Before the connection is open: it opens the room as soon as it is.
    if (this.#connection?.isOpen !== true) return;
    try {
      const joined = await this.#connection.request('room.join', { roomId });
      const page = await this.#connection.request('message.history', { roomId });
      this.#connection.worked();
      if (this.#current !== roomId) return;
      void showTopic(element('room-topic'), joined.topic, () => this.#current === roomId);
      this.#messages.show(page);
    } catch (error) {
      this.#notOpened(roomId, error);
    }
  }

  #notOpened(roomId, error) {
    if (!(error instanceof Refusal)) throw error;
    if (this.#current !== roomId || error.code === 'DISCONNECTED' || error.code === 'OFFLINE') return;
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
    const connection = this.#connection;
    const pending = this.#messages.addPending(text);
    try {
      const message = await connection.request('message.send', { roomId, text });
      this.#messages.settle(pending);
      if (this.#current === roomId) this.#messages.add(message);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (this.#connection !== connection) return;
      if (this.#current !== roomId) {
        // It waits in its room, unless something new has been written there.
        if (this.#drafts.of(roomId) === '') this.#drafts.keep(roomId, text);
        return;
      }
      const isGivenBack =
        error.code === 'OFFLINE'
          ? this.#composer.refuseOffline(refusalText(error), text)
          : this.#composer.refuse(refusalText(error), text, error.retryAfterMs);
      if (isGivenBack) this.#messages.settle(pending);
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

  async #logOut(end, messageOnFailure) {
    this.#connection?.stop();
    // Also where the server cannot be reached: whoever asks to leave does not see the chat any longer.
    const message = await end().catch(() => messageOnFailure);
    // The next person begins with the list, not with this one's room.
    history.replaceState(null, '', '/');
    this.clear();
    this.#leave(message);
  }
}
