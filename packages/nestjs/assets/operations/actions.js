import { byId, count, dateTime } from './elements.js';

const TITLES = {
  disconnect: 'Disconnect one connection',
  revoke: 'Revoke an identity',
  ban: 'Ban somebody',
  unban: 'End a ban',
  drain: 'Drain this node',
};

const PROBLEMS = {
  GONE: 'It is not there any more.',
  YOURSELF: 'This is you: another operator has to do it.',
  ANONYMOUS: 'An anonymous connection can only be disconnected.',
  INCOMPLETE: 'Something is missing.',
  NOT_PREPARED: 'Nothing was prepared. Begin again.',
  TOO_LATE: 'That was more than a minute ago. Begin again.',
  FORBIDDEN: 'You may not do this any more.',
  VALIDATION_FAILED: 'The reason takes 2 to 200 characters, and a ban takes 1 to 527,040 minutes.',
  OFFLINE: 'There is no connection to the server.',
  DISCONNECTED: 'The connection to the server ended. Whether it was done stands among the acts.',
  NO_ANSWER: 'The server did not answer. Whether it was done stands among the acts.',
};

/** What happens on confirmation, word for word from what the server has prepared. */
function consequence({ action, connections, who, address, path, until }) {
  const theirs = connections === 1 ? 'one connection' : `${count(connections)} connections`;
  const verb = connections === 1 ? 'ends' : 'end';
  switch (action) {
    case 'disconnect':
      return `The connection of ${who} from ${address} to ${path} is closed. It may come back at once.`;
    case 'revoke':
      return `Everything that was issued to ${who} until now is refused on every node, and ${theirs} of this node ${verb}. A new log-in is good.`;
    case 'ban':
      return `${who} is kept out of every node until ${dateTime(until)}, and ${theirs} of this node ${verb}.`;
    case 'unban':
      return `${who} may come back.`;
    default:
      return `All ${count(connections)} connections of this node are asked to leave, yours too. It admits nobody until it is restarted.`;
  }
}

const BUTTONS = { disconnect: 'Disconnect', revoke: 'Revoke', ban: 'Ban', unban: 'End the ban', drain: 'Drain' };

/** The two dialogs: the reason, and the second look. */
export class Actions {
  #connection;
  #onDone;
  #asked;
  #prepared;
  #openedBy;

  constructor(connection, onDone) {
    this.#connection = connection;
    this.#onDone = onDone;
    byId('ask-form').addEventListener('submit', (submit) => void this.#prepare(submit));
    byId('confirm-form').addEventListener('submit', (submit) => void this.#confirm(submit));
    for (const cancel of document.querySelectorAll('dialog .cancel')) {
      cancel.addEventListener('click', () => cancel.closest('dialog').close());
    }
    for (const id of ['ask', 'confirm']) byId(id).addEventListener('close', () => this.#goOn());
  }

  /** Asks for the reason. @param whom in words, for the dialog @param target the fields that name it to the server */
  begin(action, whom, target = {}) {
    this.#asked = { action, ...target };
    this.#openedBy = document.activeElement?.dataset.key;
    byId('ask-title').textContent = TITLES[action];
    byId('ask-whom').textContent = whom;
    byId('ask-minutes-label').hidden = action !== 'ban';
    byId('ask-minutes').disabled = action !== 'ban';
    byId('ask-reason').value = '';
    byId('ask-error').hidden = true;
    byId('ask').showModal();
    byId('ask-reason').focus();
  }

  /** The rights are gone, or the connection. */
  close() {
    for (const id of ['ask', 'confirm']) byId(id).close();
  }

  /**
   * Puts the keyboard back where it was. The button that opened the dialog has been made again meanwhile, with its row, or is
   * gone: then the browser leaves the focus in the closed dialog, and drops it at the next frame.
   */
  #goOn() {
    const { activeElement } = document;
    if (byId('ask').open || byId('confirm').open) return;
    if (activeElement !== document.body && activeElement?.closest('dialog') === null) return;
    const buttons = [...document.querySelectorAll('main button[data-key]:not(:disabled)')];
    (buttons.find(({ dataset }) => dataset.key === this.#openedBy) ?? byId('connections-title')).focus();
  }

  async #prepare(submit) {
    submit.preventDefault();
    const minutes = this.#asked.action === 'ban' ? { minutes: byId('ask-minutes').valueAsNumber } : {};
    const reason = byId('ask-reason').value.trim();
    await this.#try('ask-error', async () => {
      this.#prepared = await this.#connection.request('ops.prepare', { ...this.#asked, ...minutes, reason });
      byId('ask').close();
      byId('confirm-title').textContent = `${TITLES[this.#prepared.action]}?`;
      byId('confirm-text').textContent = consequence(this.#prepared);
      byId('confirm-reason').textContent = this.#prepared.reason;
      byId('confirm-do').textContent = BUTTONS[this.#prepared.action];
      byId('confirm-error').hidden = true;
      byId('confirm').showModal();
      // Not on the button that does it: Enter twice is no second look.
      byId('confirm').querySelector('.cancel').focus();
    });
  }

  async #confirm(submit) {
    submit.preventDefault();
    const { confirmation, action } = this.#prepared;
    await this.#try('confirm-error', async () => {
      const { outcome, connections } = await this.#connection.request('ops.confirm', { confirmation });
      byId('confirm').close();
      this.#onDone(doneText(action, outcome, connections));
    });
  }

  async #try(place, run) {
    byId(place).hidden = true;
    try {
      await run();
    } catch (error) {
      byId(place).textContent = PROBLEMS[error.reason ?? error.code] ?? 'The server refused it. The log says why.';
      byId(place).hidden = false;
    }
  }
}

function doneText(action, outcome, connections) {
  if (outcome === 'gone') return `${TITLES[action]}: it was not there any more.`;
  const closed = connections === 1 ? 'one connection' : `${count(connections)} connections`;
  if (outcome === 'store-away') {
    return `${TITLES[action]}: done at this node, ${closed} closed. The store is away: other nodes follow when it is back.`;
  }
  return `${TITLES[action]}: done, ${closed} closed.`;
}
