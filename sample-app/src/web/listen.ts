import type { Server } from 'node:net';

/**
 * Starts a server.
 *
 * @param port - 0 for any free one.
 * @returns the port it got.
 * @throws when the port is taken.
 */
export async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') reject(error);
      else
        reject(
          new Error(
            `Port ${port} is taken. Stop the other program, or choose another PORT, HTTP_PORT or ACCOUNT_SERVER_PORT.`,
          ),
        );
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on a path, not on a port.');
  return address.port;
}
