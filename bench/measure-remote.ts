// One run of a scenario that asks what a handle on the socket of another node costs: bytes at the
// broker for each write, and memory at either end.

import { RemoteScene } from './remote-scene.ts';
import { filesNeeded } from './scenario.ts';
import type { HandlesScenario, Server, WireScenario } from './scenario.ts';

/** So many that heartbeats of the nodes beside them do not show. */
const WRITES = 5000;
const WRITES_MS = 60_000;

/** @returns Bytes for each write. */
export async function measureWire(
  { client, bytes }: WireScenario,
  servers: readonly Server[],
): Promise<ReadonlyMap<Server, number>> {
  const scene = await RemoteScene.start(client);
  try {
    await scene.open(1, 1);
    const before = await scene.broker.wireBytes();
    await scene.opener.ask({ ask: 'writes', times: WRITES, bytes }, WRITES_MS);
    const each = ((await scene.broker.wireBytes()) - before) / WRITES;
    return new Map(servers.map((server) => [server, each]));
  } finally {
    scene.stop();
  }
}

/** @returns Bytes for each handle. */
export async function measureHandles(
  scenario: HandlesScenario,
  servers: readonly Server[],
): Promise<ReadonlyMap<Server, number>> {
  const scene = await RemoteScene.start(scenario.client, filesNeeded(scenario));
  try {
    const each = await scene.handleBytes(scenario.end, scenario.handles);
    return new Map(servers.map((server) => [server, each]));
  } finally {
    scene.stop();
  }
}
