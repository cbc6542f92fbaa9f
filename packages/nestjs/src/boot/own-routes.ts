import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, MODULE_PATH, PATH_METADATA, VERSION_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import type { BootProblems } from '../core/boot-problems.js';
import type { GatewayRecord } from '../nest/gateway-inventory.js';
import { OWN_ROUTE } from '../nest/own-route.js';
import { endpointOf } from './gateway-endpoints.js';

interface Route {
  readonly method: RequestMethod;
  /** Without a slash at either end. */
  readonly path: string;
  readonly controller: string;
  /** Where the path is written, of a route that this package has made. */
  readonly option: string | undefined;
}

/**
 * Refuses a route of the application, or a second one of this package, at the place of one that this package makes: Express
 * asks whichever was imported first and says nothing, so that one of the two is never reached, and Fastify's error names
 * neither. Paths with parameters are not compared, nor controllers of a version.
 */
export function checkOwnRoutes(modules: ModulesContainer, problems: BootProblems): void {
  const routes = routesOf(modules);
  const told = new Set<string>();
  for (const own of routes) {
    if (own.option === undefined) continue;
    const other = routes.find((route) => route !== own && overlaps(own, route));
    // Of two of this package the second one tells.
    if (other === undefined || (other.option !== undefined && routes.indexOf(other) > routes.indexOf(own))) continue;
    const place = `${own.option} ${own.path}`;
    if (told.has(place)) continue;
    told.add(place);
    const problem = `is /${own.path}, where ${other.option ?? other.controller} has a route: only one of them would be reached.`;
    problems.add(own.option, problem, 'a path of its own');
  }
}

/** Refuses a gateway of the application on the path of one that this package makes: its settings would hold there as well. */
export function checkOwnGateways(gateways: readonly GatewayRecord[], problems: BootProblems): void {
  for (const own of gateways) {
    const option = Reflect.getMetadata(OWN_ROUTE, own.type) as string | undefined;
    if (option === undefined) continue;
    const other = gateways.find((gateway) => gateway !== own && endpointOf(gateway) === endpointOf(own));
    if (other === undefined) continue;
    problems.add(
      other.name,
      `is at ${own.path}, which is the socket of ${option}.`,
      'give the gateway a path of its own',
    );
  }
}

function overlaps(one: Route, other: Route): boolean {
  if (one.path.toLowerCase() !== other.path.toLowerCase()) return false;
  return one.method === other.method || one.method === RequestMethod.ALL || other.method === RequestMethod.ALL;
}

function routesOf(modules: ModulesContainer): readonly Route[] {
  const routes: Route[] = [];
  for (const module of modules.values()) {
    const prefix = Reflect.getMetadata(`${MODULE_PATH}${modules.applicationId}`, module.metatype) as unknown;
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function' || isVersioned(metatype)) continue;
      const option = Reflect.getMetadata(OWN_ROUTE, metatype) as string | undefined;
      for (const handler of handlersOf(metatype)) {
        const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
        if (method === undefined || isVersioned(handler)) continue;
        for (const base of pathsOf(metatype)) {
          for (const path of pathsOf(handler)) {
            const whole = [prefix, base, path].map((part) => trimmed(part)).filter((part) => part !== '');
            routes.push({ method, path: whole.join('/'), controller: metatype.name, option });
          }
        }
      }
    }
  }
  return routes;
}

function handlersOf({ prototype }: { readonly prototype: unknown }): readonly object[] {
  const methods = prototype as object;
  return new MetadataScanner().getAllMethodNames(methods).map((name) => Reflect.get(methods, name) as object);
}

function pathsOf(target: object): readonly unknown[] {
  const path: unknown = Reflect.getMetadata(PATH_METADATA, target);
  return Array.isArray(path) ? path : [path];
}

function trimmed(path: unknown): string {
  return typeof path === 'string' ? path.replace(/^\/+|\/+$/g, '') : '';
}

/** `VERSION_NEUTRAL` is a symbol: at every version, as the routes of this package are. */
function isVersioned(target: object): boolean {
  const version: unknown = Reflect.getMetadata(VERSION_METADATA, target);
  return version !== undefined && typeof version !== 'symbol';
}
