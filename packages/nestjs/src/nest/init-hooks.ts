import type { INestApplication } from '@nestjs/common';

/**
 * Runs `onModuleInit` of an application that is not initialised, and nothing else: no gateway is registered and no route,
 * and no port is opened. Services that connect there can then be asked.
 *
 * @throws what a hook throws.
 */
export async function runInitHooks(app: INestApplication): Promise<void> {
  // Protected; the same on Nest 11 and 12.
  const callInitHook: unknown = Reflect.get(app, 'callInitHook');
  if (typeof callInitHook !== 'function')
    throw new Error('This release of Nest has no callInitHook(). Please report this.');
  await Reflect.apply(callInitHook, app, []);
}
