// Policies over the Check API of OpenFGA. They need no further package.
export { OpenFgaApi } from './open-fga-api.js';
export type { OpenFgaQuestion, OpenFgaTuple } from './open-fga-api.js';
export type { OpenFgaObject, OpenFgaOptions } from './open-fga.options.js';
export { OpenFgaPolicy } from './open-fga.policy.js';
export type { Awaitable } from '../../core/awaitable.js';
