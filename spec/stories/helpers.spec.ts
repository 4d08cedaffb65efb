// A relay between a client and another socket. The server: examples/stories/helpers.ts.

import { serve } from 'corosock';
import type { Host } from 'corosock';
import { describe, expect, it } from 'vitest';
import { Visitor } from './visitor.ts';
import { asking, helper } from '../../examples/stories/helpers.ts';

const open = (): Promise<Host> => serve({ '/helper': helper, '/ask/:id': asking });

describe('a helper', () => {
  it('talks to who asks for its id, whoever speaks first', async () => {
    await using host = await open();
    const ann = await Visitor.of(host, '/helper');
    const bob = await Visitor.of(host, `/ask/${await ann.hears()}`);
    ann.say('Good morning!');
    expect(await bob.hears()).toBe('Good morning!');
    bob.say('What is a socket?');
    bob.say('And why?');
    expect([await ann.hears(), await ann.hears()]).toEqual(['What is a socket?', 'And why?']);
    bob.leaves();
    expect(await ann.closed).toEqual([1000, 'The other side has left']);
  });

  it('that leaves ends the talk', async () => {
    await using host = await open();
    const ann = await Visitor.of(host, '/helper');
    const bob = await Visitor.of(host, `/ask/${await ann.hears()}`);
    ann.say('Sorry, I have to go');
    ann.leaves();
    expect(await bob.hears()).toBe('Sorry, I have to go');
    expect((await bob.closed)[0]).toBe(1000);
  });

  it('that is not there cannot be asked', async () => {
    await using host = await open();
    const bob = await Visitor.of(host, '/ask/nobody');
    expect(await bob.closed).toEqual([4404, 'Nobody is there']);
  });
});
