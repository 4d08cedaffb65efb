// The servers of README and docs under torture: the conversation above a block is its scenario. How
// blocks are marked: pages.spec.ts.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { torture } from 'corosock/testing';
import type { TortureScenario } from 'corosock/testing';
import { docPages } from './doc-pages.ts';
import { blocksIn, kindOf } from './page-blocks.ts';
import type { Line } from './page-blocks.ts';
import { projectRoot } from './source-files.ts';
import { HOST_OPTIONS } from '../../src/server/host-options.ts';

type Routes = Parameters<typeof torture>[0];

const folder = new URL('spec/house/.tortured/', projectRoot);
const blocks = docPages().flatMap(({ path, text }) => blocksIn(path, text).blocks);
/** Servers of other libraries, jobs beside the handlers, and real I/O have no virtual time. */
const FOREIGN = /\.listen\(|setInterval|setTimeout|\battach\(|node:(?!stream|events)/;
/** `read` takes twice as much at once: it cuts no message, and nothing warns. */
const MAX_BYTES = 16_000;
/** Blocks that cannot be played again and again, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  renewed: 'its credentials end by the clock of the machine',
  desk: 'its channel lives longer than a run',
};
const talked = blocks.filter(
  (block) => kindOf(block) === 'server' && block.script.length > 0 && !FOREIGN.test(block.code),
);
const played = talked.filter(({ name }) => EXCEPTIONS[name] === undefined);

/** What the block that was imported last has served. */
const served: Array<readonly [routes: Routes, options: object]> = [];

vi.mock('corosock', async (original) => ({
  ...(await original<object>()),
  serve: async (routes: Routes, options: object = {}) => {
    served.push([routes, options]);
    return { url: 'ws://localhost', port: 0, sockets: new Map(), async close() {} };
  },
}));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const { name, code } of blocks) writeFileSync(fileOf(name), `${code}\nexport {};\n`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the servers of README and docs', { timeout: 60_000 }, () => {
  beforeAll(() => {
    for (const name of ['log', 'error'] as const) vi.spyOn(console, name).mockImplementation(() => {});
  });
  afterAll(() => void vi.restoreAllMocks());

  it('are played but for those that have a reason', () => {
    const names = new Set(talked.map(({ name }) => name));
    expect(Object.keys(EXCEPTIONS).filter((name) => !names.has(name))).toEqual([]);
    expect(played.length).toBeGreaterThan(20);
  });

  it.each(played)('survive torture: $name of $page', async ({ name, path, script }) => {
    served.length = 0;
    await import(fileOf(name).href);
    const [found] = served;
    if (found === undefined) throw new Error(`${name} serves nothing`);
    const [routes, options] = found;
    const report = await torture(routes, scenarioOf(script), {
      host: { maxMessageBytes: MAX_BYTES, ...hostOptionsOf(options) },
      client: { url: `ws://localhost${path}` },
    });
    expect(report.survived).toBe(report.cuts);
  });
});

function fileOf(name: string): URL {
  return new URL(`${name}.ts`, folder);
}

function scenarioOf(script: readonly Line[]): TortureScenario {
  return async (client) => {
    for (const { by, text } of script) {
      if (by === 'visitor') await client.write(text);
      else
        expect(await client.readMessage()).toEqual(
          text === '(closed)' ? [undefined, 'closed'] : [text, 'ok'],
        );
    }
  };
}

/** Those that a world takes. */
function hostOptionsOf(options: object): object {
  const names = new Set(Object.keys(HOST_OPTIONS));
  return Object.fromEntries(Object.entries(options).filter(([name]) => name !== 'clock' && names.has(name)));
}
