// Upgrades that a client sends before it has the answers to its requests, over real ports: every
// answer comes in the order of its request, and frames only after the 101.

import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { attach } from 'corosock';
import type { Host, HostOptions } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { until } from '../faults/until.ts';
import { listen } from '../fixtures/listening-server.ts';
import { writtenStream } from '../fixtures/written-stream.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { closeFrame, textFrame } from '../peers/frames.ts';
import { connectRaw, upgradeRequest } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';
import { whenAnswered } from '../../src/handshake/pipelining.ts';

const GET = 'GET /page HTTP/1.1\r\nHost: a\r\n\r\n';

interface Site extends AsyncDisposable {
  readonly host: Host;
  readonly client: RawClient;
  /** The responses that the site has still to give. */
  readonly responses: ServerResponse[];
  readonly reports: unknown[];
}

/** A site that answers when the spec says so, and a client that has sent all of its requests. */
async function site(requests: string, frames: Uint8Array = Buffer.alloc(0), path = '/chat'): Promise<Site> {
  const responses: ServerResponse[] = [];
  const reports: unknown[] = [];
  const report: HostOptions['report'] = (error) => reports.push(error);
  const plain = await listen((_request, response) => responses.push(response));
  const host = attach(
    plain.server,
    {
      [path]: async (ws) => {
        for await (const data of ws) await ws.write(data);
      },
    },
    { report },
  );
  const client = await connectRaw(plain.port);
  const upgrade = upgradeRequest({ requestLine: 'GET /chat HTTP/1.1' });
  await client.send(Buffer.concat([Buffer.from(requests + upgrade), frames]));
  await until(() => responses.length > 0);
  await settle();
  const dispose = async (): Promise<void> => {
    client[Symbol.dispose]();
    await host.close({ graceMs: 0 });
    await plain[Symbol.asyncDispose]();
  };
  return { host, client, responses, reports, [Symbol.asyncDispose]: dispose };
}

describe('an upgrade behind a request that is not answered yet', () => {
  it('is answered after it, and no answer comes among the frames', async () => {
    await using told = await site(GET, textFrame('hello'));
    expect([told.client.unreadBytes, told.host.sockets.size]).toEqual([0, 0]);
    told.responses[0]?.end('a page');
    const [page, upgrade] = [await told.client.answer(), await told.client.answer()];
    expect([page.status, page.body, upgrade.status]).toEqual([200, 'a page', 101]);
    expect(await told.client.nextText()).toBe('hello');
    await told.client.send(closeFrame(1000));
    expect(await told.client.untilCloseFrame()).toMatchObject({ code: 1000 });
  });

  it('waits for all requests before it', async () => {
    await using told = await site(GET + GET);
    await until(() => told.responses.length === 2);
    told.responses[1]?.end('two');
    await settle();
    expect([told.client.unreadBytes, told.host.sockets.size]).toEqual([0, 0]);
    told.responses[0]?.end('one');
    const answers = [await told.client.answer(), await told.client.answer(), await told.client.answer()];
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, 'one'],
      [200, 'two'],
      [101, ''],
    ]);
  });

  it('is refused after it, too, where no host serves its path', async () => {
    await using told = await site(GET, undefined, '/other');
    expect(told.client.unreadBytes).toBe(0);
    told.responses[0]?.end('a page');
    expect([(await told.client.answer()).status, (await told.client.answer()).status]).toEqual([200, 404]);
  });

  it('comes to nothing where the answer closes the connection', async () => {
    await using told = await site(GET);
    told.responses[0]?.setHeader('Connection', 'close').end('a page');
    expect((await told.client.answer()).status).toBe(200);
    await told.client.hangUp();
    expect([told.host.sockets.size, told.reports]).toEqual([0, []]);
  });

  it('comes to nothing where the client drops the connection meanwhile', async () => {
    using crashes = recordCrashes();
    await using told = await site(GET);
    const gone = once(told.responses[0] as ServerResponse, 'close');
    told.client.reset();
    await gone;
    await settle();
    expect([crashes.errors, told.host.sockets.size, told.reports]).toEqual([[], 0, []]);
  });

  it('is refused where the host has closed meanwhile', async () => {
    await using told = await site(GET);
    await told.host.close({ graceMs: 0 });
    told.responses[0]?.end('a page');
    expect([(await told.client.answer()).status, (await told.client.answer()).status]).toEqual([200, 503]);
  });
});

describe('whenAnswered', () => {
  it('holds the errors of a stream while it waits, and no longer', () => {
    const response = new EventEmitter();
    const { stream } = writtenStream();
    Object.assign(stream, { _httpMessage: response });
    const counts = [stream.listenerCount('error')];
    const note = (): void => void counts.push(stream.listenerCount('error'));
    whenAnswered(stream, note);
    note();
    Object.assign(stream, { _httpMessage: null });
    response.emit('close');
    expect(counts).toEqual([0, 1, 0]);
  });
});

describe('an upgrade on a connection that was used before', () => {
  it('is answered at once', async () => {
    const server = createServer((_request, response) => response.end('a page'));
    await using host = attach(server, () => {});
    await once(server.listen(0, '127.0.0.1'), 'listening');
    using client = await connectRaw(host.port);
    await client.send(GET);
    expect((await client.answer()).status).toBe(200);
    await client.send(upgradeRequest());
    expect((await client.answer()).status).toBe(101);
    server.close();
  });
});
