// Where and when the numbers were measured, and with which versions: without it
// no number means anything.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { canPin } from './child.ts';
import { brokerVersion } from './broker-server.ts';
import { brokerClientOf } from './scenario.ts';
import type { Scenario, Server } from './scenario.ts';

/** How busy the machine was before we kept it busy: above 0.5 the numbers are those of others, too. */
const [loadBefore = NaN] = loadavg();

/** Tells, in lines of Markdown, on what the measurements were made, and of which packages. */
export function machine(scenarios: readonly Scenario[]): string {
  const cores = cpus();
  const servers = scenarios.flatMap((scenario) => scenario.servers);
  const clients = scenarios.flatMap((scenario) => brokerClientOf(scenario) ?? []);
  const versions = new Set([
    ...servers.flatMap((server) => versionOf(server) ?? []),
    ...clients.map((client) => brokerVersion(client)),
  ]);
  return [
    `- ${new Date().toISOString().slice(0, 10)}; ${cores[0]?.model ?? 'unknown processor'}, ${cores.length} cores, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB; ${type()} ${release()} ${process.arch}`,
    `- Node ${process.versions.node}, ${[...versions].join(', ')}`,
    canPin
      ? '- server on core 0, clients and brokers on core 1'
      : '- not kept on cores of their own (no `taskset`, or no two cores): server and clients disturb each other',
    `- load average before the run: ${loadBefore.toFixed(1)}`,
  ].join('\n');
}

/** As its program finds its package: a peer's may be another one than ours. */
function versionOf({ package: packageName, program, versionCommand }: Server): string | undefined {
  if (versionCommand !== undefined) {
    const [command = '', ...words] = versionCommand;
    return execFileSync(command, words, { encoding: 'utf8' }).trim();
  }
  if (packageName === undefined) return undefined;
  const manifest = createRequire(program).resolve(`${packageName}/package.json`);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string };
  return `${packageName} ${version}`;
}
