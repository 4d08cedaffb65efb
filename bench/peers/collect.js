// Runs before a server program, on Node, Bun and Deno: at SIGUSR2 it collects the garbage of
// its runtime, and prints a line when that is done.

import process from 'node:process';

process.on('SIGUSR2', () => {
  if (globalThis.Bun === undefined) globalThis.gc();
  else globalThis.Bun.gc(true);
  console.log('collected');
});
