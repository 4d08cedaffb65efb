import { describe, expect, it } from 'vitest';
import type { Server } from '../../bench/scenario.ts';
import { measureStages } from '../../bench/stages.ts';
import type { Stage } from '../../bench/stages.ts';

const serverNamed = (name: string): Server => ({ name }) as Server;
const [A, B] = [serverNamed('a'), serverNamed('b')];

describe('stages', () => {
  const steps: string[] = [];

  function stageOf({ name }: Server, figures: readonly number[]): Stage {
    const left = [...figures];
    return {
      begin: async () => void steps.push(`${name} begins`),
      takeTurn: async () => {
        steps.push(name);
        const figure = left.shift();
        if (figure === undefined) throw new Error('no more');
        return figure;
      },
      stop: () => void steps.push(`${name} stops`),
    };
  }

  it('take turns, and the first of a turn is the last of the next', async () => {
    steps.length = 0;
    const figures = await measureStages([A, B], 3, (server) => stageOf(server, [5, 1, 3]));
    expect(steps).toEqual(['a begins', 'b begins', 'a', 'b', 'b', 'a', 'a', 'b', 'a stops', 'b stops']);
    expect([...figures]).toEqual([
      [A, 3],
      [B, 3],
    ]);
  });

  it('are all stopped when one fails', async () => {
    steps.length = 0;
    await expect(measureStages([A, B], 1, (server) => stageOf(server, []))).rejects.toThrow('no more');
    expect(steps.slice(-2)).toEqual(['a stops', 'b stops']);
  });
});
