import { ApiError, logIn } from './api.js';
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
    element('login-form').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit(onLoggedIn);
    });
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
      const { user } = await logIn(username, password);
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

  #say(message) {
    this.#message.hidden = message === undefined;
    this.#message.textContent = message ?? '';
  }
}
