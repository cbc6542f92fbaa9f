/**
 * Entries of package-lock.json for builds of a tool for other platforms.
 *
 * npm leaves an optional package out of the lock file if the registry did not serve it, and then `npm ci` refuses that very lock file
 * ("Missing: ... from lock file"). A mirror that holds only the platforms of its users makes that an everyday case. Where name and exact
 * version stand in the optionalDependencies of the parent, the entry follows from them.
 */

/**
 * @typedef {object} LockEntry
 * @property {string} [version]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 * @property {Record<string, string>} [optionalDependencies]
 */

/** @typedef {Record<string, LockEntry>} LockPackages */

/** How package names spell the values of `process.platform` that a package can be built for. */
const systems = new Set(['aix', 'android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']);
const processors = new Set(['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64']);

/**
 * The platform that the name of a package ends in: `@oxlint/binding-linux-x64-musl`.
 *
 * @param {string} name
 * @returns {Required<Pick<LockEntry, 'os' | 'cpu'>> & Pick<LockEntry, 'libc'> | undefined} undefined if it names none
 */
export function platformOfName(name) {
  const words = name.split('/').at(-1)?.split('-') ?? [];
  const at = words.findIndex((word) => systems.has(word));
  const [system = '', processor = '', variant = ''] = words.slice(at);
  if (at === -1 || !processors.has(processor)) return undefined;
  const platform = { os: [system], cpu: [processor] };
  if (system !== 'linux' || variant === '') return platform;
  return { ...platform, libc: [variant.startsWith('musl') ? 'musl' : 'glibc'] };
}

/**
 * Adds what is missing. Everything that npm wrote itself stays as it is.
 *
 * @param {LockPackages} packages `packages` of package-lock.json
 * @returns {{ packages: LockPackages, added: string[] }}
 */
export function completeLockfile(packages) {
  const complete = { ...packages };
  /** @type {string[]} */
  const added = [];
  for (const parent of Object.values(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const key = `node_modules/${name}`;
      const platform = platformOfName(name);
      // A range would need the registry to be resolved.
      if (complete[key] !== undefined || platform === undefined || !/^\d+\.\d+\.\d+$/.test(version)) continue;
      complete[key] = { version, ...platform, ...(parent.dev === true ? { dev: true } : {}), optional: true };
      added.push(name);
    }
  }
  const byPath = Object.entries(complete).toSorted(([a], [b]) => a.localeCompare(b, 'en'));
  return { packages: Object.fromEntries(byPath), added };
}
