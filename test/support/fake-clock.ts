// One fake clock for unit specs and socket tests; here so that these tests name it once.
export { FakeClock } from '../../packages/nestjs/src/testing/fake-clock.js';
