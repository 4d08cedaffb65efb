// A background job pushes to sockets by their ids. The server and the job:
// examples/stories/orders.ts.

import { serve } from 'corosock';
import { describe, expect, it } from 'vitest';
import { Visitor } from './visitor.ts';
import { makeOrders, orders } from '../../examples/stories/orders.ts';

describe('orders', () => {
  it('are delivered, when they are ready, to who still waits', async () => {
    await using host = await serve({ '/orders': orders });
    const ann = await Visitor.of(host, '/orders');
    const bob = await Visitor.of(host, '/orders');
    expect([await ann.hears(), await bob.hears()]).toEqual(Array(2).fill('You will hear from us.'));

    bob.leaves();
    await bob.closed;

    expect(await makeOrders(host)).toEqual({ delivered: 1, gone: 1 });
    expect(await ann.hears()).toBe('Your order is ready.');
    expect(await ann.closed).toEqual([1000, 'Enjoy']);

    expect(await makeOrders(host)).toEqual({ delivered: 0, gone: 0 });
  });
});
