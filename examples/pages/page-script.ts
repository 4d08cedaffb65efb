// Bundles the script of a page with `corosock/client`, as a bundler of a user does it: package.json
// of corosock gives it the entry point for browsers.

import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/**
 * Bundles one script with all that it imports.
 *
 * @param page - The folder of the page, with its `page.ts`.
 * @param alias - Modules that stand elsewhere, by name.
 */
export function pageScript(page: URL, alias: Readonly<Record<string, string>> = {}): string {
  // Without a service of its own, which would live as long as this process.
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('page.ts', page))],
    alias: { ...alias },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    // What tsconfig.json says of `corosock/client` is for the compiler of this repository.
    tsconfigRaw: {},
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
