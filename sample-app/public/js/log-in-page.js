import { ACCOUNT_SERVER, ApiError, logIn } from './api.js';
import { element } from './dom.js';
import { logInText } from './plain-words.js';

/** The page of somebody who is not logged in. */
export class LogInPage {
  #username = element('username');
  #password = element('password');
  #button = element('login-button');
  #message = element('login-message');

  /** @param {(user: object) => void} onLoggedIn */
  constructor(onLoggedIn) {
    element('account-server-link').href = ACCOUNT_SERVER;
    element('login-form').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit(onLoggedIn);
    });
  }

  /** Offers the log-in at the account server. */
  offerAccountServer() {
    element('account-server').hidden = false;
  }

  /** @param {string} [message] why one has to log in again */
  start(message) {
    this.#say(message);
    this.#password.value = '';
    this.#username.focus();
  }

  async #submit(onLoggedIn) {
    const [username, password] = [this.#username.value.trim().toLowerCase(), this.#password.value];
    if (username === '' || password === '') {
      this.#say('Please enter your user name and your password.');
      (username === '' ? this.#username : this.#password).focus();
      return;
    }
    this.#button.disabled = true;
    try {
      const { user } = await this.#tryTo(username, password);
      this.#password.value = '';
      this.#say(undefined);
      onLoggedIn(user);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#say(logInText(error));
      this.#password.select();
    } finally {
      this.#button.disabled = false;
    }
  }

  /** Logs in, and does the work that the server asks for after some bad passwords. */
  async #tryTo(username, password) {
    try {
      return await logIn(username, password);
    } catch (error) {
      if (error.challenge === undefined) throw error;
      this.#say('Checking that you are no robot…');
      const { solve } = await import('./proof-of-work.js');
      return logIn(username, password, await solve(error.challenge));
    }
  }

  #say(message) {
    this.#message.hidden = message === undefined;
    this.#message.textContent = message ?? '';
  }
}
