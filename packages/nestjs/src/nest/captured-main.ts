import type { INestApplication } from '@nestjs/common';
import { NestApplication } from '@nestjs/core';
import { setOwn } from './shared-patch.js';

/** The application that somebody is about to start. */
export interface CapturedMain {
  /** Settles with the first application that is to be initialised or to listen. It is neither, and stays so. */
  readonly app: Promise<INestApplication>;
  /** Lets applications start again. */
  readonly stop: () => void;
}

/** Catches the next application of this process before it starts: whoever awaits its `listen()` or `init()` waits for ever. */
export function captureMain(): CapturedMain {
  let undo: readonly (() => void)[] = [];
  const app = new Promise<INestApplication>((resolve) => {
    function capture(this: INestApplication): Promise<never> {
      resolve(this);
      return new Promise<never>(() => undefined);
    }
    undo = ['listen', 'init'].map((name) => setOwn(NestApplication.prototype, name, capture));
  });
  return {
    app,
    stop: () => {
      for (const step of undo) step();
    },
  };
}
