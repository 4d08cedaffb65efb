// The runs of a host: the sockets that its users see, and the runs that a shut-down waits for.
// Random sequences are compared with two plain maps.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leftBytes } from '../faults/left-bytes.ts';
import type { HandlerRun } from '../../src/server/handler-run.ts';
import type { HostedSocket } from '../../src/server/hosted-socket.ts';
import { RunRegistry } from '../../src/server/run-registry.ts';

/** A run as its host makes it, which ends when the spec says so. */
interface TestRun {
  readonly run: HandlerRun;
  /** Its socket closes. */
  close(): void;
  /** All of it ends. */
  end(): void;
}

function runOf(runs: RunRegistry): TestRun {
  const socketId = runs.reserve();
  const ws = {
    get id() {
      return socketId.value;
    },
  } as HostedSocket;
  const parts = { ws, socketId, hasEnded: false, previous: undefined, next: undefined };
  const run = parts as Partial<HandlerRun> as HandlerRun;
  return {
    run,
    close: () => runs.release(run),
    end() {
      parts.hasEnded = true;
      runs.release(run);
    },
  };
}

/** So many runs that have begun. */
function begun(runs: RunRegistry, count: number): TestRun[] {
  const made = Array.from({ length: count }, () => runOf(runs));
  for (const { run } of made) runs.add(run);
  return made;
}

describe('the id of a socket', () => {
  const partsOf = (id: string): readonly string[] => id.split('.');

  it('begins with 48 random bits of its node, which can stand in a URL', () => {
    const runs = new RunRegistry();
    const [node, sameNode, otherNode] = [runs, runs, new RunRegistry()].map(
      (of) => partsOf(of.reserve().value)[0],
    );
    expect(node).toMatch(/^[\w-]{8}$/);
    expect([sameNode === node, otherNode === node]).toEqual([true, false]);
  });

  it('goes on with 128 random bits of its own', () => {
    const [, own, ...more] = partsOf(new RunRegistry().reserve().value);
    expect([own, more]).toEqual([expect.stringMatching(/^[\w-]{22}$/), []]);
  });

  it('is never given twice', () => {
    const runs = new RunRegistry();
    const ids = Array.from({ length: 1000 }, () => runs.reserve().value);
    expect(new Set(ids).size).toBe(1000);
  });
});

describe('RunRegistry', () => {
  it('draws each id of a seed when it is reserved, and each other one when it is read', () => {
    const filled: number[] = [];
    const fill = (bytes: Uint8Array): void => void filled.push(bytes.length);
    const seeded = new RunRegistry(undefined, { next: () => 0, fill, idsAtOnce: 1 });
    expect([seeded.reserve().isDrawn, filled]).toEqual([true, [6, 16]]);
    expect(new RunRegistry().reserve().isDrawn).toBe(false);
  });

  it('shows a socket while it is open, and keeps its run until that has ended', () => {
    const runs = new RunRegistry();
    const { run, close, end } = runOf(runs);
    const { id } = run.ws;
    const seen = (): readonly unknown[] => [runs.sockets.size, runs.find(id) !== undefined, [...runs].length];
    runs.add(run);
    const open = seen();
    close();
    const closed = seen();
    end();
    expect([open, closed, seen()]).toEqual([
      [1, true, 1],
      [0, false, 1],
      [0, false, 0],
    ]);
  });

  it.each(['before it runs', 'while it runs'])(
    'finds a socket whose id was read %s, until it is released',
    (when) => {
      const runs = new RunRegistry();
      const { run, end } = runOf(runs);
      if (when === 'before it runs') void run.ws.id;
      const before = runs.find(run.socketId.isDrawn ? run.ws.id : '');
      runs.add(run);
      const { id } = run.ws;
      const during = runs.find(id);
      end();
      expect([before, during, runs.find(id), run.ws.id]).toEqual([undefined, run.ws, undefined, id]);
    },
  );

  it('finds no socket by an id that is read after its end', () => {
    const runs = new RunRegistry();
    const [{ run, close }] = begun(runs, 1) as [TestRun];
    close();
    expect(runs.find(run.ws.id)).toBe(undefined);
  });

  it('releases a run any number of times', () => {
    const runs = new RunRegistry();
    const [ended, closed] = begun(runs, 2) as [TestRun, TestRun];
    ended.end();
    ended.end();
    closed.close();
    closed.close();
    expect([runs.sockets.size, [...runs]]).toEqual([0, [closed.run]]);
  });

  it('holds no run that has ended, nor is held by it', () => {
    const runs = new RunRegistry();
    const [first, ended, last] = begun(runs, 3) as [TestRun, TestRun, TestRun];
    ended.end();
    expect([first.run.next === last.run, ended.run.previous, ended.run.next]).toEqual([
      true,
      undefined,
      undefined,
    ]);
  });

  it('keeps nothing of a run that has ended, also where its id was read', async () => {
    const runs = new RunRegistry();
    const left = await leftBytes(20_000, async (count) => {
      for (let n = 0; n < count; n += 1) {
        const [{ run, end }] = begun(runs, 1) as [TestRun];
        void run.ws.id;
        end();
      }
    });
    // A run that stays in the index leaves some 140.
    expect(left).toBeLessThan(16);
  });

  it('W12: shows those that were open when an iteration began, and are when their turn comes', async () => {
    const runs = new RunRegistry();
    const [first, closed, ended, last] = begun(runs, 4) as [TestRun, TestRun, TestRun, TestRun];
    const seen: unknown[] = [];
    for (const ws of runs.sockets.values()) {
      seen.push(ws);
      closed.close();
      ended.end();
      first.end();
      await Promise.resolve();
      begun(runs, 1);
    }
    expect(seen).toEqual([first.run.ws, last.run.ws]);
    expect(runs.sockets.size).toBe(3);
  });

  it('shows its open sockets as a Map does', () => {
    const runs = new RunRegistry();
    const made = begun(runs, 3) as [TestRun, TestRun, TestRun];
    const ids = [...made.map(({ run }) => run.ws.id), 'of no socket'];
    made[1].close();
    const like = new Map([made[0], made[2]].map(({ run }) => [run.ws.id, run.ws]));
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
    const steps = fc.array(fc.tuple(fc.constantFrom('name', 'add', 'close', 'end'), fc.nat(5)), {
      maxLength: 50,
    });
    fc.assert(
      fc.property(steps, (sequence) => {
        const runs = new RunRegistry();
        const open = new Map<number, HostedSocket>();
        const all = new Map<number, TestRun>();
        for (const [step, n] of sequence) {
          const made = all.get(n) ?? runOf(runs);
          if (step === 'name') void made.run.ws.id;
          else if (step !== 'add') made[step]();
          else if (!all.has(n)) {
            runs.add(made.run);
            open.set(n, made.run.ws);
            all.set(n, made);
          }
          if (step === 'close' || step === 'end') open.delete(n);
          if (step === 'end') all.delete(n);
        }
        expect([...runs.sockets.values()]).toEqual([...open.values()]);
        expect([...runs.sockets.keys()].map((id) => runs.find(id))).toEqual([...open.values()]);
        expect(runs.sockets.size).toBe(open.size);
        expect([...runs]).toEqual([...all.values()].map(({ run }) => run));
      }),
    );
  });
});
