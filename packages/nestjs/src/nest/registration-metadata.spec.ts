import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { RegistrationMetadata } from './registration-metadata.js';

const KEY = 'guards';

/** A gateway class as an application wrote it. */
function writtenClass(): object {
  class Gateway {}
  Reflect.defineMetadata(KEY, 'of the application', Gateway);
  return Gateway;
}

const seenOn = (gateway: object, property?: string): unknown =>
  Reflect.getMetadata(KEY, gateway, property as never) as unknown;

describe('RegistrationMetadata', () => {
  it('F11 F13 one boot that ends takes nothing away from another one that goes on', () => {
    const gateway = writtenClass();
    const [ended, running] = [new RegistrationMetadata(), new RegistrationMetadata()];
    ended.set(KEY, 'of the first', gateway);
    running.set(KEY, 'of the second', gateway);
    ended.restore();
    expect(seenOn(gateway)).toBe('of the second');
    running.restore();
    expect(seenOn(gateway)).toBe('of the application');
  });

  it.each([undefined, 'handle'])(
    'F11 F13 puts back what the application wrote, however often it is set at %s',
    (property) => {
      const gateway = writtenClass();
      Reflect.defineMetadata(KEY, 'of the application', gateway, property as never);
      const metadata = new RegistrationMetadata();
      metadata.set(KEY, 'at first', gateway, property);
      metadata.set(KEY, 'and then', gateway, property);
      expect(seenOn(gateway, property)).toBe('and then');
      metadata.restore();
      expect(seenOn(gateway, property)).toBe('of the application');
    },
  );
});
