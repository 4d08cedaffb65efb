// The brokers that need no server: over the channels that Node has between processes, and between
// threads. Here the first node starts the second one, which runs the same program.

import { fork } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { isMainThread, Worker } from 'node:worker_threads';
import { ipcBroker } from 'corosock/ipc';
import type { OpenBroker } from './brokers.ts';

/** The program, and the `PORT` of the second node. */
type Opener = (program: string, port: number) => OpenBroker;

/** Opens a broker between two processes of `child_process`. */
export const overProcesses: Opener = (program, port) => {
  const isFirst = process.send === undefined;
  const env = { ...process.env, PORT: `${port}` };
  const other = isFirst ? fork(program, ['processes'], { env }) : undefined;
  const broker = ipcBroker({ prefix: 'chat', parent: !isFirst });
  if (other !== undefined) broker.adopt(other);
  return {
    broker,
    async [Symbol.asyncDispose]() {
      await broker.close();
      // It is told `disconnect`, and ends.
      if (other?.connected === true) other.disconnect();
    },
  };
};

/**
 * Opens a broker between a primary of `node:cluster` and its worker, which runs the program of the
 * primary. The broker finds it by itself.
 */
export const overCluster: Opener = (_, port) => {
  const other = cluster.isPrimary ? cluster.fork({ PORT: `${port}` }) : undefined;
  const hasEnded = other && once(other, 'exit');
  const broker = ipcBroker({ prefix: 'chat', parent: cluster.isWorker });
  return {
    broker,
    async [Symbol.asyncDispose]() {
      await broker.close();
      // A worker ends with its primary at once, and would cut off its clients.
      other?.kill('SIGTERM');
      await hasEnded;
    },
  };
};

/** Opens a broker between two threads of `worker_threads`. */
export const overThreads: Opener = (program, port) => {
  const env = { ...process.env, PORT: `${port}` };
  const other = isMainThread ? new Worker(program, { argv: ['threads'], env }) : undefined;
  const hasEnded = other && once(other, 'exit');
  const broker = ipcBroker({ prefix: 'chat', parent: false });
  return {
    broker,
    async [Symbol.asyncDispose]() {
      await broker.close();
      // So does a thread with its process.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- of windows alone
      other?.postMessage('end');
      await hasEnded;
    },
  };
};
