// What a host and a client have in common. Every value of every option is tried in
// server/host-options.spec.ts, where most users meet them.

import { UsageError } from 'corosock';
import type { Clock } from 'corosock';
import { describe, expect, it } from 'vitest';
import { CONVERSATION_OPTIONS, conversationChoices } from '../../src/conversation/conversation-options.ts';
import { realClock } from '../../src/time/real-clock.ts';
import { MAX_MESSAGE_BYTES } from '../../src/core/limits.ts';

describe('conversationChoices', () => {
  it('fills in the defaults', () => {
    expect(conversationChoices('f()', {})).toEqual({
      maxMessageBytes: 1_048_576,
      queueMessages: 64,
      queueBytes: 1_048_576,
      writeBufferBytes: 65_536,
      writeTimeoutMs: 30_000,
      closeTimeoutMs: 5000,
      protocols: [],
      clock: realClock,
    });
  });

  it('has one for each name', () => {
    expect(Object.keys(conversationChoices('f()', {}))).toEqual(Object.keys(CONVERSATION_OPTIONS));
  });

  it('leaves other names to whoever knows them', () => {
    const options = { queueBytes: 7, sessions: false };
    expect(conversationChoices('f()', options)).not.toHaveProperty('sessions');
  });

  it.each([
    [{ maxMessageBytes: 0 }, `maxMessageBytes to be an integer from 1 to ${MAX_MESSAGE_BYTES}, got 0`],
    [{ queueBytes: 0 }, 'queueBytes to be an integer from 1 to 2147483647, got 0'],
    [{ closeTimeoutMs: -1 }, 'closeTimeoutMs to be a number of milliseconds from 0 to 2147483647, got -1'],
    [{ protocols: ['a b'] }, 'protocols to be an array of tokens (RFC 9110 §5.6.2), got an array'],
    [
      { protocols: 'chat' as unknown as [] },
      'protocols to be an array of tokens (RFC 9110 §5.6.2), got "chat"',
    ],
    [{ clock: Date as unknown as Clock }, 'clock to be a Clock, got a function'],
  ])('refuses %o, and names the call', (options, message) => {
    expect(() => conversationChoices('f()', options)).toThrow(
      new UsageError('COROSOCK_ARGUMENT', `f(): expected ${message}`),
    );
  });
});
