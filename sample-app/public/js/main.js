import { currentSession } from './api.js';
import { ChatPage } from './chat-page.js';
import { element } from './dom.js';
import { LogInPage } from './log-in-page.js';

const chat = new ChatPage((message) => show(null, message));
const logIn = new LogInPage((user) => show(user));

// A fragment of the address names a room here: the browser must not follow this link by itself.
const skip = document.querySelector('.skip');
skip.addEventListener('click', (event) => {
  event.preventDefault();
  element('scroll').focus();
});

function show(user, message) {
  element('loading').hidden = true;
  skip.hidden = user === null;
  element('login').hidden = user !== null;
  element('chat').hidden = user === null;
  if (user === null) {
    document.title = 'SecureWs chat';
    logIn.start(message);
    return;
  }
  chat.start(user).catch(() => show(null, 'The chat cannot be reached right now. Please try again.'));
}

currentSession().then(
  ({ user, accountServer }) => {
    if (accountServer) logIn.offerAccountServer();
    // Logged out while this tab was not looking.
    if (user === null) chat.clear();
    const failed = new URLSearchParams(location.search).get('log-in') === 'failed';
    if (location.search !== '') history.replaceState(null, '', `/${location.hash}`);
    show(user, failed ? 'The account server did not log you in. Please try again.' : undefined);
  },
  () => show(null, 'The server cannot be reached.'),
);
