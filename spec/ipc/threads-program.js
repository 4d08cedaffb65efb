// Two threads and the main thread, which exchange messages over the broker between threads. Prints
// what each has got.

import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { runMember } from './member.js';

const dist = isMainThread ? process.argv[2] : workerData.dist;
const { ipcBroker } = await import(new URL('ipc/index.js', dist).href);
const MEMBERS = ['thread 1', 'thread 2', 'main'];

if (isMainThread) {
  const script = fileURLToPath(import.meta.url);
  const workers = [1, 2].map((n) => new Worker(script, { workerData: { dist, name: `thread ${n}` } }));
  const reports = await runMember(ipcBroker(), 'main', MEMBERS);
  process.stdout.write(JSON.stringify(reports));
  for (const worker of workers) await worker.terminate();
} else {
  await runMember(ipcBroker(), workerData.name, MEMBERS);
  // Its subscriptions keep no thread alive.
  setInterval(() => {}, 1000);
}
