// Errors of the port of a listening server.

import { Server } from 'node:http';
import { serve } from 'corosock';
import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('serve', () => {
  it('reports an error of its server once it listens, and serves on', async () => {
    const listen = vi.spyOn(Server.prototype, 'listen');
    const reports: unknown[] = [];
    await using host = await serve(() => {}, { report: (error, { phase }) => reports.push([error, phase]) });
    const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
    (listen.mock.contexts[0] as Server).emit('error', error);
    expect(reports).toEqual([[error, 'listen']]);
    expect((await fetch(host.url.replace('ws', 'http'))).status).toBe(426);
  });
});
