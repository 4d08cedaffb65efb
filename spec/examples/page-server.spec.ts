// The server of the pages of the examples, while its nodes begin and when they are there.

import { describe, expect, it } from 'vitest';
import { servePage } from '../../examples/pages/page-server.ts';

const PAGE = { folder: new URL('../../examples/cluster/page/', import.meta.url), script: 'go()' };

describe('the server of a page', () => {
  it('answers 503 while a node has not begun yet, so that the browser asks again', async () => {
    const nodes = ['ws://127.0.0.1:1', ''];
    await using server = await servePage(PAGE, 0, () => nodes);
    const early = await fetch(server.url);
    expect([early.status, early.headers.get('refresh'), await early.text()]).toEqual([
      503,
      '1',
      'The nodes begin.',
    ]);
    nodes[1] = 'ws://127.0.0.1:2';
    const page = await fetch(server.url);
    expect([page.status, page.headers.get('content-security-policy')]).toEqual([
      200,
      expect.stringContaining('ws://127.0.0.1:1 ws://127.0.0.1:2'),
    ]);
    expect(await (await fetch(`${server.url}/nodes`)).json()).toEqual(nodes);
  });
});
