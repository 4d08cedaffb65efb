// What `connect` and `connect.each` refuse before a link is opened, and which URLs they take. No error
// shows a URL.

import type { ConnectOptions } from 'corosock/client';
import { describe, expect, it } from 'vitest';
import { scriptedClient } from './scripted-connector.ts';

describe('connect', () => {
  it('rejects for a wrong URL or option, and opens nothing', async () => {
    const { connect, attempts } = scriptedClient();
    await expect(connect('ftp://host')).rejects.toThrow('connect(): expected url to begin with');
    await expect(connect('ws://host', { queueBytes: 0 })).rejects.toThrow(
      'connect(): expected queueBytes to be',
    );
    await expect(connect('ws://host', null as unknown as ConnectOptions)).rejects.toThrow(
      'connect(): expected options to be an object',
    );
    expect(attempts).toEqual([]);
  });
});

describe('connect.each', () => {
  it('throws at once for a wrong URL or option, and opens nothing', () => {
    const { connect, attempts } = scriptedClient();
    expect(() => connect.each('ftp://host')).toThrow('connect.each(): expected url to begin with');
    expect(() => connect.each('ws://host', { queueBytes: 0 })).toThrow('connect.each(): expected queueBytes');
    expect(() => connect.each('ws://host', { minDelayMs: 0 })).toThrow('connect.each(): expected minDelayMs');
    expect(attempts).toEqual([]);
  });
});
