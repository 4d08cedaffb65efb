// `npm run bench:flame -- <scenario>`: writes a CPU profile of corosock's server under
// one scenario's work, for the profiler of a browser or an editor, and says where.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Pair } from './pair.ts';
import { pick } from './pick.ts';
import { MEASURED } from './scenarios.ts';

const WORK_MS = 5000;

const [scenario, ...others] = pick(process.argv.slice(2));
const server = scenario?.servers.find(({ name }) => name === MEASURED);
if (
  scenario === undefined ||
  (scenario.kind !== 'echo' && scenario.kind !== 'handshakes') ||
  others.length > 0 ||
  server === undefined
) {
  process.stderr.write('name one scenario of echo or of handshakes\n');
  process.exit(1);
}

const folder = new URL('../profiles/', import.meta.url);
mkdirSync(folder, { recursive: true });
const pair = new Pair(server, { profileFolder: fileURLToPath(folder) });
const port = await pair.server.ask({ ask: 'port' });
if (scenario.kind === 'echo') await pair.open(scenario.sockets);
await pair.load.ask(
  scenario.kind === 'echo'
    ? {
        ask: 'echo',
        inFlight: scenario.inFlight,
        bytes: scenario.bytes,
        isBinary: scenario.isBinary,
        forMs: WORK_MS,
      }
    : {
        ask: 'handshakes',
        port,
        atOnce: scenario.atOnce,
        setsCookie: server.setsCookie,
        forMs: WORK_MS,
      },
  WORK_MS,
);
await pair.end();
process.stdout.write(`a profile of '${scenario.name}' is in ${fileURLToPath(folder)}\n`);
