// The specs of worlds once more, over the bytes of a port: what a test sees of handlers and clients
// does not depend on what links carry. Here `fidelity: 'wire'` is the default.

import { vi } from 'vitest';
import type * as Options from '../../../src/testing/simulation/world/world-options.ts';

vi.mock('../../../src/testing/simulation/world/world-options.ts', async (load) => {
  const { WORLD_OPTIONS, ...others } = await load<typeof Options>();
  const fidelity: (typeof WORLD_OPTIONS)['fidelity'] = ['wire', WORLD_OPTIONS.fidelity[1]];
  return { ...others, WORLD_OPTIONS: { ...WORLD_OPTIONS, fidelity } };
});

await import('./world/checks.spec.ts');
await import('./world/scripts.spec.ts');
await import('./seeded/seeded-faults.spec.ts');
await import('./simulate.spec.ts');
await import('./world/seeded-world.spec.ts');
await import('./world/world-hosts.spec.ts');
await import('./links/world-handshake.spec.ts');
await import('./links/world-link.spec.ts');
