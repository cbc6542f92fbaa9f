import { ValidationPipe } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';

/** What is global in an application: classes and instances, from `APP_*` providers and from `main.ts`. */
export interface GlobalEnhancers {
  readonly guards: readonly unknown[];
  readonly interceptors: readonly unknown[];
  readonly pipes: readonly unknown[];
  readonly filters: readonly unknown[];
  /** Those among them that live for a request. No Nest runs them for messages: a gateway lives as long as its application. */
  readonly ofRequests: ReadonlySet<unknown>;
}

/** The global enhancers, those that live for a request among them. */
export function globalEnhancersOf(config: ApplicationConfig): GlobalEnhancers {
  const typesOf = (wrappers: readonly { readonly metatype: unknown }[]): readonly unknown[] =>
    wrappers.map(({ metatype }) => metatype);
  const guards = typesOf(config.getGlobalRequestGuards());
  const interceptors = typesOf(config.getGlobalRequestInterceptors());
  const pipes = typesOf(config.getGlobalRequestPipes());
  const filters = typesOf(config.getGlobalRequestFilters());
  return {
    guards: [...config.getGlobalGuards(), ...guards],
    interceptors: [...config.getGlobalInterceptors(), ...interceptors],
    pipes: [...config.getGlobalPipes(), ...pipes],
    filters: [...config.getGlobalFilters(), ...filters],
    ofRequests: new Set([...guards, ...interceptors, ...pipes, ...filters]),
  };
}

/** The name of an enhancer's class. */
export function enhancerName(enhancer: unknown): string {
  const type = typeof enhancer === 'function' ? enhancer : (enhancer as object).constructor;
  return type.name === '' ? 'an anonymous class' : type.name;
}

/** The options of a `ValidationPipe` that change which payloads pass, by name; none for another pipe. */
export function validationOptionsOf(pipe: unknown): readonly string[] {
  if (!(pipe instanceof ValidationPipe)) return [];
  const own = (field: string): Readonly<Record<string, unknown>> =>
    (Reflect.get(pipe, field) ?? {}) as Readonly<Record<string, unknown>>;
  const validator = own('validatorOptions');
  const names = VALIDATOR_OPTIONS.filter((name) => isSet(validator[name]));
  return own('transformOptions')['enableImplicitConversion'] === true
    ? [...names, 'transformOptions.enableImplicitConversion']
    : names;
}

const VALIDATOR_OPTIONS = ['groups', 'skipMissingProperties', 'skipNullProperties', 'skipUndefinedProperties'];

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value === true;
}
