// Clients that send their request byte by byte, in a process of their own: those that are measured
// beside them must not wait for its event loop.

import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { answerParent } from '../../parent.ts';
import { dial, upgradeHead } from '../peer.ts';

export type DawdlersQuestion =
  /** Connects so many clients, and lets them begin; answers how many there are. */
  | { readonly ask: 'begin'; readonly port: number; readonly clients: number; readonly everyMs: number }
  /** Waits until all are cut; answers the longest life in ms, or `latestMs` for one that lives. */
  | { readonly ask: 'end'; readonly latestMs: number };

const CONNECTING = 100;

const lives: Promise<number>[] = [];

/** Sends a request byte by byte, from a random moment on. @returns How long the server kept it. */
async function dawdle(socket: Socket, everyMs: number): Promise<number> {
  const began = performance.now();
  const head = upgradeHead();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('data', () => {});
  socket.on('end', () => socket.end());
  let at = 0;
  const timer = setTimeout(
    function send() {
      socket.write(head.slice(at, at + 1));
      at = (at + 1) % (head.length - 2);
      timer.refresh();
    },
    everyMs * (0.5 + Math.random()),
  );
  await closed;
  clearTimeout(timer);
  return performance.now() - began;
}

answerParent(async (question: DawdlersQuestion) => {
  if (question.ask === 'end') {
    const longest = Promise.all(lives).then((all) => Math.max(...all));
    return Promise.race([longest, delay(question.latestMs, question.latestMs)]);
  }
  const { port, clients, everyMs } = question;
  while (lives.length < clients) {
    const sockets = await Promise.all(Array.from({ length: CONNECTING }, () => dial(port)));
    lives.push(...sockets.map((socket) => dawdle(socket, everyMs)));
  }
  return lives.length;
});
