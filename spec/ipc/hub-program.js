// A thread, and a process without a port, that open a hub and close it. Nothing else keeps either
// alive. Prints what each has done, and the exit code of the thread.

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const dist = isMainThread ? process.argv[2] : workerData.dist;
const { ipcBroker } = await import(new URL('ipc/index.js', dist).href);
const { openHub } = await import(new URL('index.js', dist).href);

const exitCode = isMainThread ? await runThread() : undefined;
const hub = await openHub({ broker: ipcBroker() });
const { missingNodes } = await hub.closeSockets({ room: 'lobby' });
await hub.close();
if (isMainThread) process.stdout.write(JSON.stringify({ exitCode, missingNodes }));

async function runThread() {
  const [code] = await once(new Worker(fileURLToPath(import.meta.url), { workerData: { dist } }), 'exit');
  return code;
}
