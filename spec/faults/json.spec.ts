// A9: JSON that is nothing but nesting, or breaks off, from a peer that means ill. Each
// ends in its close code, and the host goes on with everybody else.

import { serve } from 'corosock';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openRaw } from '../peers/raw-client.ts';
import { textFrame } from '../peers/frames.ts';

type Nested = readonly Nested[];
const nested: z.ZodType<Nested> = z.lazy(() => z.array(nested));

const HALF = 500_000;

describe('A9: a megabyte of nesting', () => {
  it.each([
    ['that a schema calls itself for', `${'['.repeat(HALF)}${']'.repeat(HALF)}`, 1008],
    ['that never ends', '['.repeat(2 * HALF), 1007],
    ['of objects that never end', '{"a":'.repeat(HALF / 3), 1007],
  ])('%s closes the socket, and others are served', async (_, bomb, code) => {
    const reported: unknown[] = [];
    await using host = await serve(
      async (ws) => {
        const [value] = await ws.readJson({ schema: nested });
        await ws.writeJson(value);
      },
      { report: (error) => reported.push(error) },
    );
    using hostile = await openRaw(host.port);
    using other = await openRaw(host.port);
    await hostile.send(textFrame(bomb));
    expect(await hostile.untilCloseFrame()).toEqual({ code, reason: '' });
    await other.send(textFrame('[[]]'));
    expect([await other.nextText(), reported.length]).toEqual(['[[]]', 1]);
  });
});
