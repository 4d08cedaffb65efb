// The lines that a process with source maps shows, in a process of its own.

import { expect, it } from 'vitest';
import { buildPackage } from '../fixtures/built-package.ts';

it('where a process maps its stacks, lines are those of the source', { timeout: 60_000 }, async () => {
  await using built = await buildPackage();
  const { code, stdout, stderr } = await built.run('mapped.js').end;
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('handler of client 1 waits in read at user.ts:11');
  expect(stdout).toContain('client 1 waits in read at user.ts:16');
});
