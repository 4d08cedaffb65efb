// What the transport makes of the end that `ws` tells. With real links: transport.spec.ts.

import { describe, expect, it } from 'vitest';
import type { LinkEnd } from '../../../src/core/close-info.ts';
import { linkEndOf } from '../../../src/transport/ws/link-end.ts';
import type { EndFacts } from '../../../src/transport/ws/link-end.ts';

const error = new Error('reset');
const violation: LinkEnd = { code: 1002, reason: '', clean: false, by: 'protocol', cause: error };
const closing = { code: 4000, reason: 'bye' };

const endOf = (facts: Partial<EndFacts>): LinkEnd =>
  linkEndOf({
    code: 1006,
    reason: Buffer.from('why'),
    isTerminated: false,
    closing: undefined,
    violation: undefined,
    isAnswered: true,
    error: undefined,
    ...facts,
  });

describe('linkEndOf', () => {
  it.each<[string, Partial<EndFacts>, Partial<LinkEnd>]>([
    [
      'terminated, whatever else',
      { isTerminated: true, code: 1000, closing },
      { code: 1006, by: 'local', reason: '' },
    ],
    [
      'closed by us and answered',
      { closing, code: 4000 },
      { ...closing, by: 'local', clean: true, cause: undefined },
    ],
    ['closed by us and lost', { closing, error }, { ...closing, by: 'local', clean: false, cause: error }],
    ['closed by us, and a rule broken', { closing, violation }, { ...closing, clean: false, cause: error }],
    ['a rule broken', { violation }, violation],
    [
      'closed by the peer',
      { code: 4001 },
      { code: 4001, reason: 'why', by: 'peer', clean: true, cause: undefined },
    ],
    [
      'closed by the peer, not answered',
      { code: 4001, isAnswered: false, error },
      { by: 'peer', clean: false, cause: error },
    ],
    ['lost with an error', { error }, { code: 1006, reason: '', by: 'link', clean: false, cause: error }],
    [
      'lost without one',
      {},
      {
        by: 'link',
        cause: expect.objectContaining({ message: 'The link has ended without a close frame' }) as Error,
      },
    ],
  ])('tells a link that was %s', (_, facts, end) => {
    expect(endOf(facts)).toMatchObject(end);
  });
});
