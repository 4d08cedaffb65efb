// A process or a thread that takes numbers until it is killed, or until its channel is cut: tells each
// event, publishes numbers of its own, and ends with 0 where it is down behind a cut.

import { isMainThread, parentPort, threadId, workerData } from 'node:worker_threads';

const [dist, prefix] = isMainThread ? process.argv.slice(2) : [workerData.dist, workerData.prefix];
const { ipcBroker } = await import(new URL('ipc/index.js', dist).href);
const broker = ipcBroker({ prefix });
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
const toThread = (event) => parentPort.postMessage({ event });
// A channel that is being cut may refuse what is sent over it.
const tell = (event) =>
  isMainThread ? process.send({ event }, undefined, undefined, () => {}) : toThread(event);
const name = `${process.pid}-${threadId}`;

await broker.subscribe(
  'down',
  (bytes) => tell(Number(Buffer.from(bytes).toString())),
  () => tell('gap'),
);
tell('ready');
process.once('disconnect', () => {
  const publishing = broker.publish('up', Buffer.from('behind the cut'));
  publishing.then(
    () => process.exit(2),
    () => process.exit(broker.isUp ? 3 : 0),
  );
});
// Threads and processes alike are kept alive by it.
setInterval(() => {}, 1000);
for (let number = 0; ; number += 1) {
  await broker.publish('up', Buffer.from(`${name} ${number}`)).catch(() => {});
  await new Promise((next) => setTimeout(next, 2));
}
