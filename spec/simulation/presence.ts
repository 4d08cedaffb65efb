// Presence on several hosts that die, are cut off, come back and are replaced: each host shows who
// is there, names the nodes that it does not hear, and tells of no change that was none.

import { ConnectError } from 'corosock/testing';
import type { Faults, WorldClient } from 'corosock/testing';
import { Deployment, TOLD_MS } from './deployment.ts';
import { KEYS, PresentNode } from './present-model.ts';
import type { Scenario, Scene } from './scene.ts';

const MOST_HOSTS = 4;
const USERS = 5;
const VISITS = 4;
const LOOK_MS = 700;
/** A node that says nothing is forgotten after a minute, and its keys have left by then. */
const FORGOTTEN_MS = 70_000;

/** One user: it comes and goes, from host to host. */
async function visit(all: Deployment<PresentNode>): Promise<void> {
  const { scene, busyMs } = all;
  const { dice } = scene;
  const key = dice.pick(KEYS);
  await scene.pause(busyMs / 3);
  for (let visits = 0; visits < VISITS; visits += 1) {
    const ws = await connect(scene, dice.pick(all.open));
    if (ws === undefined) continue;
    const reading = scene.hearAll(ws, () => {});
    for (let count = dice.between(1, 3); count > 0; count -= 1) {
      const own = dice.isLikely(0.8) ? key : dice.pick(KEYS);
      await ws.write(`track ${own} ${dice.isLikely(0.3) ? '-' : dice.below(5)}`);
      await scene.pause(busyMs / VISITS);
    }
    if (dice.isLikely(0.2)) await ws.write('leave');
    // Some stay, and are there in the end.
    if (visits === VISITS - 1 && dice.isLikely(0.6)) return;
    if (dice.isLikely(0.3)) ws.link.reset();
    else await ws.close();
    await reading;
    // A reload, or a longer time.
    await scene.pause(dice.isLikely(0.6) ? 3000 : busyMs / VISITS);
  }
}

async function connect(scene: Scene, { host }: PresentNode): Promise<WorldClient | undefined> {
  try {
    return await scene.connect(host);
  } catch (error) {
    // Its host closes.
    if (error instanceof ConnectError && error.status === 503) return undefined;
    throw error;
  }
}

/** Looks at all lists now and then. */
async function watch(all: Deployment<PresentNode>, isOver: () => boolean): Promise<void> {
  const { scene, nodes } = all;
  while (!isOver()) {
    await scene.pause(LOOK_MS);
    for (const node of nodes) node.claimShown(nodes);
  }
}

async function play(scene: Scene): Promise<void> {
  const { dice, mayLose } = scene;
  const all = new Deployment(scene, MOST_HOSTS, (id, isLate) => new PresentNode(scene, id, isLate));
  const others: Promise<unknown>[] = [
    scene.each(USERS, 'user', () => visit(all)),
    all.meetAnotherRelease([]),
  ];
  if (dice.isLikely(0.5)) others.push(all.replaceOne());
  if (mayLose) others.push(all.cutOne(), all.cutOne());
  let isOver = false;
  const watching = scene.each(1, 'watch', () => watch(all, () => isOver));
  await Promise.all(others);
  const quiet = await all.whenQuiet();
  if (mayLose) await scene.sleep(FORGOTTEN_MS);
  isOver = true;
  await watching;
  for (const node of quiet) node.claimAll(all.nodes);
  // One more leaves, and says so.
  if (quiet.length > 1) {
    const [first, ...rest] = quiet as [PresentNode, ...PresentNode[]];
    await first.close();
    await scene.sleep(TOLD_MS);
    for (const node of rest) node.claimAll(all.nodes);
  }
  for (const node of all.nodes) node.claimChanges(all.nodes);
  await all.close();
  await scene.claimNoTimers();
}

/** What networks and brokers do. */
const OUTAGES: Faults = {
  delayMs: [0, 200],
  brokerDuplicate: 0.1,
  brokerDrop: 0.05,
  slowAcknowledgement: 0.05,
  partition: 0.4,
  nodeDeath: 0.2,
  reset: 0.1,
};

export const PRESENCE_OF_HOSTS: readonly Scenario[] = [
  { name: 'presence of several hosts is true', play, faults: OUTAGES },
];
