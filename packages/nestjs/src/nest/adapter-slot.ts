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

/**
 * Calls `run` once, when Nest asks which adapter the application has: that is right before it registers the first gateway,
 * on an adapter that is not ours and that has no other place to hear of it.
 */
export function onAdapterAsked(config: ApplicationConfig, run: () => void): void {
  const getIoAdapter = config.getIoAdapter.bind(config);
  config.getIoAdapter = () => {
    Reflect.deleteProperty(config, 'getIoAdapter');
    run();
    return getIoAdapter();
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
