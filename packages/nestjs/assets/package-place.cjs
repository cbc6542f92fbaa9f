'use strict';

// CommonJS, because it can say where it lies by `__filename`. With `import.meta` in its place, whole entry points fail to load
// where Jest compiles the package to CommonJS ("Must use import to load ES Module").
module.exports = { PACKAGE_PLACE: __filename };
