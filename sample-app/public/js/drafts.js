const KEY = 'drafts';

/** What somebody has written and not sent, by room. It outlives a change of the room and a reload of this tab, and ends with the log-in. */
export class Drafts {
  #owner;
  #texts = new Map();

  /** Takes up what this tab still has of a person. What it has of anybody else is dropped. @param {string} owner */
  begin(owner) {
    const kept = read();
    this.clear();
    this.#owner = owner;
    if (kept?.owner === owner) this.#texts = new Map(kept.texts);
  }

  /** @param {string} roomId */
  of(roomId) {
    return this.#texts.get(roomId) ?? '';
  }

  /** @param {string} roomId @param {string} text empty once it is sent */
  keep(roomId, text) {
    if (this.#owner === undefined || roomId === undefined) return;
    if (text === '') this.#texts.delete(roomId);
    else this.#texts.set(roomId, text);
    write({ owner: this.#owner, texts: [...this.#texts] });
  }

  /** Forgets everything, and keeps nothing until somebody begins. */
  clear() {
    this.#owner = undefined;
    this.#texts = new Map();
    write(undefined);
  }
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return undefined;
  }
}

// A browser may forbid the storage, or have no room in it: then drafts outlive no reload.
function write(drafts) {
  try {
    if (drafts === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify(drafts));
  } catch {
    // See above.
  }
}
