import type { ChatApp } from '../chat-app.js';
import { DEMO_USERS } from './demo-users.js';

/** What `npm start` prints once the chat runs. */
export function startupText({ url, httpUrl }: Pick<ChatApp, 'url' | 'httpUrl'>, demo: boolean): string {
  const lines = [
    '',
    `  SecureWs chat     ${url}`,
    `  (${httpUrl} redirects there. The certificate is self-signed: the browser asks once.)`,
    '',
  ];
  const [first] = DEMO_USERS;
  if (demo && first !== undefined) {
    lines.push('  DEMO log-ins, public on purpose:');
    for (const { username, password, rooms } of DEMO_USERS) {
      lines.push(
        `    ${username.padEnd(8)}${password.padEnd(18)}rooms: ${rooms.length === 0 ? 'none' : rooms.join(', ')}`,
      );
    }
    lines.push(
      '',
      `  Operations        ${url}/operations, once olga has logged in. "npm run demo:attack" makes it move.`,
    );
    lines.push('', '  From a terminal:', ...wscatCommand(url, first.username, first.password), '');
  }
  return `${lines.join('\n')}\n`;
}

function wscatCommand(url: string, username: string, password: string): string[] {
  const body = JSON.stringify({ username, password });
  return [
    `    TICKET=$(curl -sk ${url}/api/login -H 'Content-Type: application/json' \\`,
    `      -d '${body}' | node -p 'JSON.parse(require("fs").readFileSync(0)).credential.value')`,
    `    npx wscat -n -c ${url.replace(/^https:/, 'wss:')}/chat -s json.v1 -H "Authorization: Ticket $TICKET"`,
    '    > {"event":"room.join","data":{"roomId":"general"},"id":1}',
  ];
}
