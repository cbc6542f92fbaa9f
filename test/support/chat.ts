import type { BrowserContext, Page } from 'playwright-core';
import { type ChatApp, type ChatAppOptions, createChatApp } from '../../sample-app/src/chat-app.js';
import { DEMO_USERS } from '../../sample-app/src/demo/demo-users.js';

/** Starts the sample app on free ports, with the demo's users and an empty memory. */
export function startChat(options: Partial<ChatAppOptions> = {}): Promise<ChatApp> {
  return createChatApp({ port: 0, httpPort: 0, database: 'memory', logger: false, ...options });
}

/** Opens the chat's page, at an address such as `#/rooms/general`, and logs in as one of the demo's users. The page is connected when this resolves. */
export async function logIn(
  context: BrowserContext,
  chat: Pick<ChatApp, 'url'>,
  username: string,
  address = '',
): Promise<Page> {
  const user = DEMO_USERS.find((known) => known.username === username);
  if (user === undefined) throw new Error(`The demo has no user ${username}.`);
  const page = await context.newPage();
  await page.goto(`${chat.url}/${address}`);
  await page.getByLabel('User name').fill(user.username);
  await page.getByLabel('Password').fill(user.password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByText('Connected', { exact: true }).waitFor();
  return page;
}

/** Writes a message and sends it. */
export async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Your message').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}
