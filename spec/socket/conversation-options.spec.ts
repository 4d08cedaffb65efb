// What a host and a client have in common. Every value of every option is tried in
// server/host-options.spec.ts, where most users meet them.

import { describe, expect, it } from 'vitest';
import { CONVERSATION_OPTIONS, conversationChoices } from '../../src/socket/conversation-options.ts';
import { realClock } from '../../src/time/real-clock.ts';
import { Heartbeat } from '../../src/socket/heartbeat.ts';

describe('conversationChoices', () => {
  it('fills in the defaults', () => {
    expect(conversationChoices('f()', {})).toEqual({
      maxMessageBytes: 1_048_576,
      queueMessages: 64,
      queueBytes: 1_048_576,
      writeBufferBytes: 65_536,
      closeTimeoutMs: 5000,
      heartbeat: expect.any(Heartbeat) as unknown,
      protocols: [],
      compression: false,
      clock: realClock,
    });
  });

  it('has one for each name', () => {
    expect(Object.keys(conversationChoices('f()', {}))).toEqual([...CONVERSATION_OPTIONS]);
  });

  it('leaves other names to whoever knows them', () => {
    const options = { queueBytes: 7, sessions: false };
    expect(conversationChoices('f()', options)).not.toHaveProperty('sessions');
  });

  it('names the call in its errors', () => {
    expect(() => conversationChoices('f()', { queueBytes: 0 })).toThrow('f(): expected queueBytes to be');
  });
});
