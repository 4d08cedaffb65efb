// The same conformance of a host where all messages go through `ws`: conformance.spec.ts has the
// receive lane.

import { expect, it, vi } from 'vitest';
import { isAutobahnHere } from './autobahn.ts';
import { KINDS } from './player.ts';
import type { WsAcceptorOptions } from '../../src/transport/ws/acceptor.ts';

const made: unknown[] = [];

vi.mock(import('../../src/transport/ws/acceptor.ts'), async (original) => {
  const { WsAcceptor } = await original();
  class WithoutLane extends WsAcceptor {
    constructor(options: WsAcceptorOptions) {
      super({ ...options, hasLane: false });
      made.push(this);
    }
  }
  return { WsAcceptor: WithoutLane };
});

const { playAgainstHosts } = await import('./host-player.ts');
const { conformance } = await import('./suite.ts');

await conformance('client', playAgainstHosts);

it.runIf(isAutobahnHere)('plays all cases against hosts without the lane', () => {
  expect(made.length).toBe(Object.keys(KINDS).length);
});
