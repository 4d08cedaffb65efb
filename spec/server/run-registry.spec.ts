// What a host runs: the sockets that its users see, and the runs that a shut-down
// has to wait for. Random sequences are compared with two plain maps.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HandlerRun } from '../../src/server/handler-run.ts';
import type { ServerSocket } from '../../src/server/host.ts';
import { RunRegistry } from '../../src/server/run-registry.ts';

function runOf(id: string): HandlerRun {
  return { ws: { id } as ServerSocket } as HandlerRun;
}

describe('RunRegistry', () => {
  it('shows a socket while it is open, and keeps its run until that has ended', () => {
    const runs = new RunRegistry();
    const run = runOf('a');
    const seen = (): readonly unknown[] => [
      runs.sockets.size,
      runs.find('a') !== undefined,
      [...runs].length,
    ];
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

  it('takes each call any number of times', () => {
    const runs = new RunRegistry();
    const [run, other] = [runOf('a'), runOf('b')];
    for (const each of [run, other]) runs.add(each);
    runs.remove(run);
    runs.remove(run);
    runs.close(run);
    runs.close(other);
    runs.close(other);
    expect([runs.sockets.size, [...runs]]).toEqual([0, [other]]);
  });

  it('shows its open sockets as a Map does', () => {
    const runs = new RunRegistry();
    const made = ['a', 'b', 'c'].map(runOf);
    for (const run of made) runs.add(run);
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
    expect(['a', 'b', 'x'].map((id) => [sockets.has(id), sockets.get(id)])).toEqual(
      ['a', 'b', 'x'].map((id) => [like.has(id), like.get(id)]),
    );
  });

  it('knows the same as two maps would, whatever happens in whatever order', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('add', 'close', 'remove'), fc.nat(5)), { maxLength: 50 });
    fc.assert(
      fc.property(steps, (sequence) => {
        const runs = new RunRegistry();
        const open = new Map<string, ServerSocket>();
        const all = new Map<string, HandlerRun>();
        for (const [step, n] of sequence) {
          const id = String(n);
          const run = all.get(id) ?? runOf(id);
          if (step === 'add' && all.has(id)) continue;
          runs[step](run);
          if (step === 'add') {
            open.set(id, run.ws);
            all.set(id, run);
          } else {
            open.delete(id);
            if (step === 'remove') all.delete(id);
          }
        }
        expect([...runs.sockets]).toEqual([...open]);
        expect(runs.sockets.size).toBe(open.size);
        expect([...runs]).toEqual([...all.values()]);
      }),
    );
  });
});
