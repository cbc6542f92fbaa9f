/**
 * Whether the tests run on Nest 11 (the project `nest11` of vitest.config.ts), where global guards, interceptors and pipes
 * do not run on gateways.
 */
export const IS_NEST_11 = process.env['NEST_MAJOR'] === '11';
