// Bundles the script of a page with `corosock/client`, as a bundler of a user does it: package.json
// of corosock gives it the entry point for browsers.

import { fileURLToPath } from 'node:url';
import { build, stop } from 'esbuild';

/**
 * Bundles one script with all that it imports.
 *
 * @param page - The folder of the page, with its `page.ts`.
 * @param alias - Modules that stand elsewhere, by name.
 */
export async function pageScript(page: URL, alias: Readonly<Record<string, string>> = {}): Promise<string> {
  const { outputFiles } = await build({
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
  // Its process would live as long as this one.
  await stop();
  return outputFiles[0]?.text ?? '';
}
