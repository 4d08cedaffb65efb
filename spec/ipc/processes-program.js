// Two workers of node:cluster and one process of child_process, which exchange messages over the
// broker between processes. Prints what each has got.

import { fork } from 'node:child_process';
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { runMember } from './member.js';

const [, , dist, role] = process.argv;
const { ipcBroker } = await import(new URL('ipc/index.js', dist).href);
const MEMBERS = ['child', 'worker 1', 'worker 2', 'main'];

if (role === 'child' || cluster.isWorker) {
  await runMember(ipcBroker(), role === 'child' ? role : `worker ${cluster.worker.id}`, MEMBERS);
} else {
  cluster.fork();
  const broker = ipcBroker();
  cluster.fork();
  const child = fork(fileURLToPath(import.meta.url), [dist, 'child']);
  broker.adopt(child);
  const reports = await runMember(broker, 'main', MEMBERS);
  process.stdout.write(JSON.stringify(reports), () => {
    child.kill();
    for (const worker of Object.values(cluster.workers)) worker.kill('SIGKILL');
  });
  await broker.close();
}
