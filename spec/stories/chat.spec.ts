// A chat over shared connections. The server: examples/stories/chat.ts.

import { serve } from 'corosock';
import type { Host } from 'corosock';
import { describe, expect, it } from 'vitest';
import { Visitor } from './visitor.ts';
import { chat } from '../../examples/stories/chat.ts';

const open = (): Promise<Host> => serve({ '/chat/:room': chat });

describe('the chat', () => {
  it('tells everybody in the room what is said, and who comes and goes', async () => {
    await using host = await open();
    const ann = await Visitor.of(host, '/chat/lobby?name=Ann');
    expect(await ann.hears()).toBe('Ann comes in.');
    const bob = await Visitor.of(host, '/chat/lobby?name=Bob');
    expect([await ann.hears(), await bob.hears()]).toEqual(['Bob comes in.', 'Bob comes in.']);

    bob.say('Good morning!');
    expect([await ann.hears(), await bob.hears()]).toEqual(['Bob: Good morning!', 'Bob: Good morning!']);

    bob.leaves();
    expect(await ann.hears()).toBe('Bob has left.');
  });

  it('tells nobody in another room', async () => {
    await using host = await open();
    const ann = await Visitor.of(host, '/chat/lobby?name=Ann');
    const bob = await Visitor.of(host, '/chat/kitchen?name=Bob');
    expect([await ann.hears(), await bob.hears()]).toEqual(['Ann comes in.', 'Bob comes in.']);
    ann.say('Anybody here?');
    expect(await ann.hears()).toBe('Ann: Anybody here?');
    bob.say('Hello?');
    expect(await bob.hears()).toBe('Bob: Hello?');
  });
});
