import type { ApplicationConfig } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';

type IoAdapter = Parameters<ApplicationConfig['setIoAdapter']>[0];

/**
 * Puts an adapter where Nest looks for it, and keeps it there: one that is set later would take the gateways away from every
 * check. Letting that one in until a later hook could refuse it would have its ports open by then.
 *
 * @param onOther told of an adapter that was set later, and not let in.
 * @returns undoes it.
 */
export function takeAdapterSlot(
  config: ApplicationConfig,
  adapter: IoAdapter,
  onOther: (other: IoAdapter) => void,
): () => void {
  config.setIoAdapter(adapter);
  config.setIoAdapter = onOther;
  return () => Reflect.deleteProperty(config, 'setIoAdapter');
}

/** What is heard of an adapter that is not ours. */
export interface OtherAdapterObserver {
  /** Nest asks for the first time which adapter the application has: right before it registers the first gateway. */
  onFirstAsked(): void;
  /** A gateway is bound to a server. May throw: the application does not start then. */
  onServer(server: unknown): void;
  /** A server has accepted a client, and a gateway was told. Must not throw. */
  onConnected(client: unknown): void;
}

/**
 * Watches what Nest does with the adapter of the application, which has no other place to tell it: `bindClientConnect()` is
 * how every adapter is told of gateways.
 *
 * @returns undoes it.
 */
export function watchOtherAdapter(config: ApplicationConfig, observer: OtherAdapterObserver): () => void {
  const getIoAdapter = config.getIoAdapter.bind(config);
  const watched = new Set<object>();
  let isAsked = false;
  config.getIoAdapter = () => {
    if (!isAsked) {
      isAsked = true;
      observer.onFirstAsked();
    }
    // None where Nest has still to make one of its own.
    const adapter = getIoAdapter() as IoAdapter | null | undefined;
    if (adapter !== undefined && adapter !== null && !watched.has(adapter)) {
      watched.add(adapter);
      watchClients(adapter, observer);
    }
    return adapter as IoAdapter;
  };
  return () => {
    Reflect.deleteProperty(config, 'getIoAdapter');
    for (const adapter of watched) Reflect.deleteProperty(adapter, 'bindClientConnect');
  };
}

function watchClients(adapter: IoAdapter, observer: OtherAdapterObserver): void {
  const bind = adapter.bindClientConnect.bind(adapter);
  adapter.bindClientConnect = (server: unknown, callback: (...args: unknown[]) => unknown) => {
    observer.onServer(server);
    return bind(server, (...args: unknown[]) => {
      try {
        callback(...args);
      } finally {
        // Last: an application that asks for the token in its handleConnection() has begun by now.
        observer.onConnected(args[0]);
      }
    }) as unknown;
  };
}

/**
 * What somebody made of a plain `WsAdapter` that would be lost with it: a parser, a server or methods of its own.
 *
 * @param applicationServer what `new WsAdapter(app)` keeps.
 */
export function changesOf(adapter: WsAdapter, applicationServer: unknown): readonly string[] {
  const plain = fieldsOf(new WsAdapter());
  const changed = Object.entries(fieldsOf(adapter)).filter(([name, value]) => {
    if (name === 'httpServer') return value !== undefined && value !== applicationServer;
    // A function of each instance on Nest 11, one of the package on Nest 12.
    return typeof value === 'function' && String(value) !== String(plain[name]);
  });
  return changed.map(([name]) => (name === 'httpServer' ? 'a server' : name));
}

function fieldsOf(adapter: WsAdapter): Record<string, unknown> {
  return adapter as unknown as Record<string, unknown>;
}
