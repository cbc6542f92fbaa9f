import { type AddressInfo, Server } from 'node:net';
import { onTestFinished, vi } from 'vitest';

/**
 * Lets a server that asks for `port` have any free one instead. A gateway's port stands in its decorator, before any
 * free port can be known; taking one, giving it back and hoping that nobody else takes it is a race.
 *
 * @returns a function that gives the port that the server got.
 */
export function letAnyPortServeFor(port: number): () => number {
  const listen = Reflect.get(Server.prototype, 'listen') as (this: Server, ...args: unknown[]) => Server;
  const servers: Server[] = [];
  const spy = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...args: unknown[]) {
    if (args[0] !== port) return listen.apply(this, args);
    servers.push(this);
    return listen.apply(this, [0, ...args.slice(1)]);
  });
  onTestFinished(() => {
    spy.mockRestore();
  });
  return () => {
    const address = servers[0]?.address() as AddressInfo | null | undefined;
    if (address === null || address === undefined) throw new Error(`Nothing listens for port ${port}.`);
    return address.port;
  };
}
