// Bundles the script of the page with `corosock/client`, as a bundler of a user does it: package.json
// of corosock gives it the entry point for browsers.

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PAGE = new URL('../../examples/follow/page/page.ts', import.meta.url);

/** @param alias - Modules that stand elsewhere, by name. */
export async function pageScript(alias: Readonly<Record<string, string>> = {}): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(PAGE)],
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
