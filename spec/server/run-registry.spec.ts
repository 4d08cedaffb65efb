// What a host runs: the sockets that its users see, and the runs that a shut-down
// has to wait for. Random sequences are compared with two plain maps.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HandlerRun } from '../../src/server/handler-run.ts';
import type { ServerSocket } from '../../src/server/host.ts';
import { RunRegistry } from '../../src/server/run-registry.ts';

/** A run as its host makes it, whose socket tells its id. */
function runOf(runs: RunRegistry): HandlerRun {
  const place = runs.reserve();
  const ws = {
    get id() {
      return place.id;
    },
  } as ServerSocket;
  return { ws, place } as HandlerRun;
}

describe('RunRegistry', () => {
  it('shows a socket while it is open, and keeps its run until that has ended', () => {
    const runs = new RunRegistry();
    const run = runOf(runs);
    const { id } = run.ws;
    const seen = (): readonly unknown[] => [runs.sockets.size, runs.find(id) !== undefined, [...runs].length];
    runs.add(run);
    const open = seen();
    runs.close(run);
    const closed = seen();
    runs.remove(run);
    expect([open, closed, seen()]).toEqual([
      [1, true, 1],
      [0, false, 1],
      [0, false, 0],
    ]);
  });

  it.each(['before it runs', 'while it runs'])(
    'finds a run whose id was asked for %s, until it has ended',
    (when) => {
      const runs = new RunRegistry();
      const run = runOf(runs);
      if (when === 'before it runs') void run.ws.id;
      const before = runs.find(run.place.isNamed ? run.ws.id : '');
      runs.add(run);
      const { id } = run.ws;
      const during = runs.find(id);
      runs.remove(run);
      expect([before, during, runs.find(id), run.ws.id]).toEqual([undefined, run, undefined, id]);
    },
  );

  it('takes each call any number of times', () => {
    const runs = new RunRegistry();
    const [run, other] = [runOf(runs), runOf(runs)];
    for (const each of [run, other]) runs.add(each);
    runs.remove(run);
    runs.remove(run);
    runs.close(run);
    runs.close(other);
    runs.close(other);
    expect([runs.sockets.size, [...runs]]).toEqual([0, [other]]);
  });

  it('holds no run that has ended, nor is held by it', () => {
    const runs = new RunRegistry();
    const [first, ended, last] = [runOf(runs), runOf(runs), runOf(runs)];
    for (const run of [first, ended, last]) runs.add(run);
    runs.remove(ended);
    expect([first.place.next === last.place, ended.place.previous, ended.place.next]).toEqual([
      true,
      undefined,
      undefined,
    ]);
  });

  it('W12: shows those that were open when one began to look, and are when their turn comes', async () => {
    const runs = new RunRegistry();
    const made = Array.from({ length: 4 }, () => runOf(runs));
    const [first, closed, ended] = made as [HandlerRun, HandlerRun, HandlerRun];
    for (const run of made) runs.add(run);
    const seen: unknown[] = [];
    for (const ws of runs.sockets.values()) {
      seen.push(ws);
      runs.close(closed);
      runs.remove(ended);
      runs.remove(first);
      await Promise.resolve();
      runs.add(runOf(runs));
    }
    expect(seen).toEqual([first.ws, made[3]?.ws]);
    expect(runs.sockets.size).toBe(3);
  });

  it('shows its open sockets as a Map does', () => {
    const runs = new RunRegistry();
    const made = Array.from({ length: 3 }, () => runOf(runs));
    for (const run of made) runs.add(run);
    const ids = [...made.map(({ ws }) => ws.id), 'of no socket'];
    runs.close(made[1] as HandlerRun);
    const like = new Map(
      [made[0], made[2]].map((run) => [(run as HandlerRun).ws.id, (run as HandlerRun).ws]),
    );
    const { sockets } = runs;
    const each: unknown[] = [];
    const self = {};
    sockets.forEach(function (this: unknown, ...words) {
      each.push([this, ...words]);
    }, self);
    expect(each).toEqual([...like].map(([id, ws]) => [self, ws, id, sockets]));
    expect([...sockets]).toEqual([...like]);
    expect([...sockets.keys()]).toEqual([...like.keys()]);
    expect([...sockets.values()]).toEqual([...like.values()]);
    expect(ids.map((id) => [sockets.has(id), sockets.get(id)])).toEqual(
      ids.map((id) => [like.has(id), like.get(id)]),
    );
  });

  it('knows the same as two maps would, whatever happens in whatever order', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('name', 'add', 'close', 'remove'), fc.nat(5)), {
      maxLength: 50,
    });
    fc.assert(
      fc.property(steps, (sequence) => {
        const runs = new RunRegistry();
        const open = new Map<number, ServerSocket>();
        const all = new Map<number, HandlerRun>();
        for (const [step, n] of sequence) {
          const run = all.get(n) ?? runOf(runs);
          if (step === 'name') void run.ws.id;
          else if (step !== 'add' || !all.has(n)) runs[step](run);
          if (step === 'add' && !all.has(n)) {
            open.set(n, run.ws);
            all.set(n, run);
          }
          if (step === 'close' || step === 'remove') open.delete(n);
          if (step === 'remove') all.delete(n);
        }
        expect([...runs.sockets.values()]).toEqual([...open.values()]);
        expect([...runs.sockets.keys()].map((id) => runs.find(id)?.ws)).toEqual([...open.values()]);
        expect(runs.sockets.size).toBe(open.size);
        expect([...runs]).toEqual([...all.values()]);
      }),
    );
  });
});
