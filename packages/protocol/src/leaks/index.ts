export { findLeaks } from './find-leaks.js';
export type { FindLeaksOptions, Leak } from './find-leaks.js';
export { LEAK_RULES } from './leak-rules.js';
export type { LeakRule, LeakRuleId, LeakRuleShape } from './leak-rules.js';
