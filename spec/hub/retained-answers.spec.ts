// The answers what a node retains: bounded for each asker and in all, in a second and under way.
// Whoever may publish to the broker may ask, and a small question has a large answer.

import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import {
  MAX_RETAINED_ANSWERS,
  MAX_ANSWER_BYTES,
  MAX_ANSWER_BYTES_OF_ALL,
  RetainedAnswers,
} from '../../src/hub/retained-answers.ts';
import { WINDOW_BYTES } from '../../src/hub/frame-window.ts';
import { bodyOf } from '../../src/hub/envelope.ts';
import type { Body } from '../../src/hub/envelope.ts';

interface Scene {
  readonly clock: VirtualClock;
  readonly answers: RetainedAnswers;
  /** The addresses of the answers, in order. */
  readonly sent: string[];
  /** How many questions were dropped. */
  readonly dropped: string[];
  /** The broker takes what is under way. */
  take(result?: 'sent' | 'failed'): Promise<void>;
}

/** A node that knows `a` and `b`, and whose answers have parts of these sizes. */
function setScene(sizes: readonly number[] = [1], isTakenAtOnce = true): Scene {
  const clock = virtualClock();
  const sent: string[] = [];
  const dropped: string[] = [];
  let underWay: Array<(result: 'sent' | 'failed') => void> = [];
  const bus = {
    clock,
    nodes: new Map(
      ['a', 'b'].map((id) => [id, { id, epoch: 1, lastSeenMs: 0, isMissing: false, has: new Set<never>() }]),
    ),
    drop: (reason: string) => void dropped.push(reason),
    publish(address: string): Promise<'sent' | 'failed'> {
      sent.push(address);
      return isTakenAtOnce ? Promise.resolve('sent') : new Promise((resolve) => underWay.push(resolve));
    },
  };
  const bodies = sizes.map((byteLength): Body => ({ ...bodyOf(new Uint8Array()), byteLength }));
  const answers = new RetainedAnswers(bus, () => bodies);
  const take = async (result: 'sent' | 'failed' = 'sent'): Promise<void> => {
    const taken = underWay;
    underWay = [];
    for (const settleOne of taken) settleOne(result);
    await settle();
  };
  return { clock, answers, sent, dropped, take };
}

const node = (id: string, epoch = 1): { readonly id: string; readonly epoch: number } => ({ id, epoch });

async function askOften({ answers }: Scene, id: string, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) answers.ask(node(id), 'room');
  await settle();
}

describe('the answers to one node', () => {
  it(`are at most ${MAX_RETAINED_ANSWERS} a second; further questions are counted`, async () => {
    const scene = setScene();
    await askOften(scene, 'a', MAX_RETAINED_ANSWERS + 3);
    expect([scene.sent.length, scene.dropped]).toEqual([MAX_RETAINED_ANSWERS, ['busy', 'busy', 'busy']]);
    await askOften(scene, 'b', 1);
    await scene.clock.advance(999);
    await askOften(scene, 'a', 1);
    expect([scene.sent.at(-1), scene.dropped.length]).toEqual(['node:b', 4]);
    await scene.clock.advance(1);
    await askOften(scene, 'a', 1);
    expect([scene.sent.at(-1), scene.dropped.length]).toEqual(['node:a', 4]);
  });

  it('are bounded in bytes: the one that goes beyond them is whole', async () => {
    const scene = setScene([MAX_ANSWER_BYTES - 1, 1, 1]);
    await askOften(scene, 'a', 3);
    expect([scene.sent.length, scene.dropped.length]).toEqual([3, 2]);
  });

  it('are not bounded by what others ask', async () => {
    const scene = setScene([MAX_ANSWER_BYTES]);
    await askOften(scene, 'a', 2);
    await askOften(scene, 'b', 1);
    expect(scene.sent).toEqual(['node:a', 'node:b']);
  });
});

describe('the answers to nodes that are not known', () => {
  it('K15: are bounded together: ids are free to invent', async () => {
    const scene = setScene();
    for (let id = 0; id < MAX_RETAINED_ANSWERS + 5; id += 1) scene.answers.ask(node(`x${id}`), 'room');
    scene.answers.ask(node('a', 2), 'room');
    await settle();
    expect([scene.sent.length, scene.dropped.length]).toEqual([MAX_RETAINED_ANSWERS, 6]);
  });
});

describe('the answers to all nodes', () => {
  it('are bounded in bytes a second', async () => {
    const scene = setScene([MAX_ANSWER_BYTES_OF_ALL]);
    await askOften(scene, 'a', 1);
    await askOften(scene, 'b', 1);
    expect([scene.sent, scene.dropped]).toEqual([['node:a'], ['busy']]);
  });

  it('are under way in few bytes: the rest waits for the broker, in order', async () => {
    const scene = setScene([WINDOW_BYTES / 2, WINDOW_BYTES / 2, 1], false);
    await askOften(scene, 'a', 1);
    await askOften(scene, 'b', 1);
    expect(scene.sent).toEqual(['node:a', 'node:a']);
    await scene.take();
    expect(scene.sent).toEqual(['node:a', 'node:a', 'node:a', 'node:b', 'node:b']);
    await scene.take();
    expect(scene.sent).toHaveLength(6);
  });

  it('end with the first part that the broker refuses', async () => {
    const scene = setScene([WINDOW_BYTES, 1], false);
    await askOften(scene, 'a', 1);
    await askOften(scene, 'b', 1);
    await scene.take('failed');
    expect(scene.sent).toEqual(['node:a', 'node:b']);
    await scene.take();
    expect(scene.sent).toEqual(['node:a', 'node:b', 'node:b']);
  });

  it('come in time or not at all: a question is over after half a second', async () => {
    const scene = setScene([WINDOW_BYTES], false);
    await askOften(scene, 'a', 2);
    await scene.clock.advance(500);
    await scene.take();
    expect([scene.sent, scene.dropped]).toEqual([['node:a'], ['busy']]);
  });
});
