// One measurement: a fresh server process on one core, fresh clients on the
// other, one number. Which are made, and how often, is run.ts's.

import { Child } from './child.ts';
import type { LoadQuestion } from './load.ts';
import type { EchoScenario, IdleScenario, Scenario, Server } from './scenarios.ts';
import type { ServerQuestion } from './server-answers.ts';

/** How long one measurement takes. */
export interface Pace {
  /** Traffic that is not measured: the compiler has to see the code first. */
  readonly warmUpMs: number;
  readonly windowMs: number;
}

/**
 * Opened before memory is looked at for the first time: what the compiler and the
 * collector set aside for the first thousand handshakes is no socket's. With 100
 * of them those fixed megabytes came to 2 KiB a socket for one server or the other.
 */
const FIRST_SOCKETS = 1000;
/** Beside its sockets a process has so many files open at most. */
const OTHER_FILES = 100;

/** How many files the server and the clients have open, each, in a scenario. */
export function filesNeeded(scenario: IdleScenario): number {
  return FIRST_SOCKETS + scenario.sockets + OTHER_FILES;
}

/**
 * Measures one scenario against one server.
 *
 * @returns Echo: µs of the server's processor time per message, user and system.
 *   Idle: KiB resident per socket.
 */
export async function measure(scenario: Scenario, { program }: Server, pace: Pace): Promise<number> {
  const files = scenario.kind === 'idle' ? { files: filesNeeded(scenario) } : {};
  const server: ServerChild = new Child(program, { core: 0, ...files });
  const load: LoadChild = new Child(new URL('load.js', import.meta.url), { core: 1, ...files });
  try {
    return await (scenario.kind === 'echo'
      ? measureEcho(scenario, server, load, pace)
      : measureIdle(scenario, server, load));
  } finally {
    server.stop();
    load.stop();
  }
}

type ServerChild = Child<ServerQuestion>;
type LoadChild = Child<LoadQuestion>;

/** Nothing is under way when the window opens, and nothing when it closes: each message counts whole. */
async function measureEcho(
  { sockets, inFlight, bytes }: EchoScenario,
  server: ServerChild,
  load: LoadChild,
  { warmUpMs, windowMs }: Pace,
): Promise<number> {
  const echo = (forMs: number): Promise<number> => load.ask({ ask: 'echo', inFlight, bytes, forMs }, forMs);
  await load.ask({ ask: 'open', port: await server.ask({ ask: 'port' }), sockets });
  await load.ask({ ask: 'check', bytes });
  await echo(warmUpMs);
  const before = await server.ask({ ask: 'cpu' });
  const messages = await echo(windowMs);
  return ((await server.ask({ ask: 'cpu' })) - before) / messages;
}

async function measureIdle({ sockets }: IdleScenario, server: ServerChild, load: LoadChild): Promise<number> {
  const port = await server.ask({ ask: 'port' });
  await load.ask({ ask: 'open', port, sockets: FIRST_SOCKETS });
  const before = await server.ask({ ask: 'memory' });
  await load.ask({ ask: 'open', port, sockets });
  return ((await server.ask({ ask: 'memory' })) - before) / 1024 / sockets;
}
