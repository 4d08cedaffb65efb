// Where and when the numbers were measured, and with which versions: without it
// no number means anything.

import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { canPin } from './child.ts';

/** How busy the machine was before we kept it busy: above 0.5 the numbers are those of others, too. */
const [loadBefore = NaN] = loadavg();

/** Tells, in lines of Markdown, on what the measurements were made, and of which packages. */
export function machine(packages: readonly string[]): string {
  const cores = cpus();
  const versions = packages.map((name) => `${name} ${versionOf(name)}`);
  return [
    `- ${new Date().toISOString().slice(0, 10)}; ${cores[0]?.model ?? 'unknown processor'}, ${cores.length} cores, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB; ${type()} ${release()} ${process.arch}`,
    `- Node ${process.versions.node}, ${versions.join(', ')}`,
    canPin
      ? '- server on core 0, clients on core 1'
      : '- not kept on cores of their own (no `taskset`, or no two cores): server and clients disturb each other',
    `- load average before the run: ${loadBefore.toFixed(1)}`,
  ].join('\n');
}

function versionOf(packageName: string): string {
  const manifest = new URL(import.meta.resolve(`${packageName}/package.json`));
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version;
}
