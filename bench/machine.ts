// Where and when the numbers were measured, and with which versions: without it
// no number means anything.

import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { canPin } from './child.ts';
import type { Server } from './scenarios.ts';

/** How busy the machine was before we kept it busy: above 0.5 the numbers are those of others, too. */
const [loadBefore = NaN] = loadavg();

/** Tells, in lines of Markdown, on what the measurements were made, and of which packages. */
export function machine(servers: readonly Server[]): string {
  const cores = cpus();
  const versions = new Set(servers.flatMap((server) => versionOf(server) ?? []));
  return [
    `- ${new Date().toISOString().slice(0, 10)}; ${cores[0]?.model ?? 'unknown processor'}, ${cores.length} cores, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB; ${type()} ${release()} ${process.arch}`,
    `- Node ${process.versions.node}, ${[...versions].join(', ')}`,
    canPin
      ? '- server on core 0, clients on core 1'
      : '- not kept on cores of their own (no `taskset`, or no two cores): server and clients disturb each other',
    `- load average before the run: ${loadBefore.toFixed(1)}`,
  ].join('\n');
}

/** Those of peers are in a folder of their own. */
function versionOf({ package: packageName, command }: Server): string | undefined {
  if (packageName === undefined) return undefined;
  const manifest =
    command === undefined
      ? import.meta.resolve(`${packageName}/package.json`)
      : new URL(`../peers/node_modules/${packageName}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(new URL(manifest), 'utf8')) as { readonly version: string };
  return `${packageName} ${version}`;
}
