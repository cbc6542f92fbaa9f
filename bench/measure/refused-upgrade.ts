import { upgradeRequest, type LoadTarget } from './upgrade-request.js';

/**
 * Sends a handshake that must be refused, and waits until the server has closed the connection.
 *
 * @returns the HTTP status.
 * @throws when the server accepts.
 */
export async function refusedUpgrade(target: LoadTarget): Promise<number | undefined> {
  const upgrade = upgradeRequest(target);
  return new Promise((resolve, reject) => {
    upgrade.on('response', (response) => {
      response.resume();
      response.on('close', () => resolve(response.statusCode));
    });
    upgrade.on('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new Error('The server accepted a handshake that it must refuse.'));
    });
    upgrade.on('error', reject);
  });
}
