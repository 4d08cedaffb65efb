// The link of one client, whose faults a script decides.

import { describe, expect, it } from 'vitest';
import type { Handler, Host } from 'corosock';
import { world } from 'corosock/testing';
import type { World, WorldClient } from 'corosock/testing';

const echo: Handler = async (ws) => {
  for await (const message of ws) await ws.write(message);
};

/** Connects a client to a host that echoes. */
async function echoIn(w: World, options = {}): Promise<readonly [WorldClient, Host]> {
  const host = w.serve(echo, options);
  return [await w.connect(host), host];
}

/** Writes, and gives the number of messages that have come back by now. */
async function answersTo(w: World, client: WorldClient, message: string): Promise<number> {
  await client.write(message);
  await w.settle();
  return client.queued.messages;
}

describe('client.link.stall', () => {
  it.each(['in', 'out', undefined] as const)(
    'holds what goes %s until heal, in its order',
    async (direction) => {
      await using w = world();
      const [client] = await echoIn(w);
      client.link.stall(direction);
      const held = [await answersTo(w, client, 'a'), await answersTo(w, client, 'b')];
      client.link.heal();
      expect([held, await client.read(), await client.read()]).toEqual([
        [0, 0],
        ['a', 'ok'],
        ['b', 'ok'],
      ]);
    },
  );

  it('holds one direction alone', async () => {
    await using w = world();
    const seen: unknown[] = [];
    const host = w.serve(async (ws) => {
      for await (const message of ws) seen.push(message);
    });
    const client = await w.connect(host);
    client.link.stall('in');
    await client.write('a');
    await w.settle();
    expect(seen).toEqual(['a']);
  });

  it('refuses a direction that is none', async () => {
    await using w = world();
    const [{ link }] = await echoIn(w);
    expect(() => link.stall('up' as 'in')).toThrow(
      expect.objectContaining({
        code: 'COROSOCK_ARGUMENT',
        message: `client.link.stall(): expected direction to be 'in' or 'out', got "up"`,
      }),
    );
  });

  it('keeps the bytes of the sender until heal', async () => {
    await using w = world();
    const [client] = await echoIn(w);
    client.link.stall('out');
    await client.write('a'.repeat(100_000));
    await w.settle();
    const held = client.bufferedBytes;
    client.link.heal();
    await w.settle();
    expect([held > 0, client.bufferedBytes]).toEqual([true, 0]);
  });

  it('lets the host wait in write, if its client reads nothing', async () => {
    await using w = world();
    const seen: unknown[] = [];
    const host = w.serve(async (ws) => {
      await ws.read();
      const data = 'x'.repeat(100_000);
      for (let turn = 0; turn < 4 && !seen.includes('timeout'); turn += 1)
        seen.push(await ws.write(data, { timeoutMs: 1000 }));
    });
    const client = await w.connect(host);
    client.link.stall('in');
    await client.write('go');
    await w.clock.advance(5000);
    expect(seen.slice(-2)).toEqual(['ok', 'timeout']);
  });

  it('lets the host wait in read, if its client writes nothing', async () => {
    await using w = world();
    const seen: unknown[] = [];
    const host = w.serve(async (ws) => {
      for (const timeoutMs of [1000, 5000]) seen.push(await ws.read({ timeoutMs }));
    });
    const client = await w.connect(host);
    client.link.stall('out');
    await client.write('late');
    await w.clock.advance(2000);
    client.link.heal();
    await w.settle();
    expect(seen).toEqual([
      [undefined, 'timeout'],
      ['late', 'ok'],
    ]);
  });

  it('holds a close frame, so that the close takes its time-out', async () => {
    await using w = world();
    const [client] = await echoIn(w);
    client.link.stall();
    const closed = client.close();
    await w.clock.advance(60_000);
    expect(await closed).toMatchObject({ code: 1000, clean: false, by: 'local' });
  });
});

describe('client.link.reset', () => {
  it('ends both ends at once with 1006, and loses what is under way', async () => {
    await using w = world();
    const ends: unknown[] = [];
    const [client] = await echoIn(w, {
      onClose: (_: unknown, { code, by }: never) => void ends.push([code, by]),
    });
    await client.write('a');
    client.link.reset();
    await w.settle();
    expect([client.closeInfo, ends, client.queued.messages]).toMatchObject([
      { code: 1006, by: 'link', clean: false },
      [[1006, 'link']],
      0,
    ]);
  });

  it('refuses a direction for a cut: both are lost', async () => {
    await using w = world();
    const [{ link }] = await echoIn(w);
    expect(() => void Reflect.apply(link.cut, link, ['in'])).toThrow(
      'link.cut(): expected no argument: it cuts both directions, got "in"',
    );
  });

  it('ends a link that is stalled, and one that is cut', async () => {
    await using w = world();
    const [stalled, host] = await echoIn(w);
    const cut = await w.connect(host);
    stalled.link.stall();
    cut.link.cut();
    for (const { link } of [stalled, cut]) link.reset();
    await w.settle();
    expect([stalled.closeInfo?.code, cut.closeInfo?.code, host.sockets.size]).toEqual([1006, 1006, 0]);
  });

  it('changes nothing after the end', async () => {
    await using w = world();
    const [client] = await echoIn(w);
    await client.close();
    client.link.reset();
    expect(client.closeInfo).toMatchObject({ code: 1000, clean: true });
  });
});

describe('client.link.cut', () => {
  it('tells no end, and nothing passes any more, also after heal', async () => {
    await using w = world();
    const [client, host] = await echoIn(w);
    client.link.cut();
    client.link.heal();
    expect([await answersTo(w, client, 'a'), client.closeInfo, host.sockets.size]).toEqual([0, undefined, 1]);
  });

  it('loses what is under way', async () => {
    await using w = world();
    const [client] = await echoIn(w);
    await client.write('a');
    client.link.cut();
    await w.settle();
    expect(client.queued.messages).toBe(0);
  });

  it('R10: is found by the heartbeat of the host', async () => {
    await using w = world();
    const ends: unknown[] = [];
    const [client] = await echoIn(w, {
      onClose: (_: unknown, { code, by }: never) => void ends.push([code, by]),
    });
    client.link.cut();
    await w.clock.advance(60_000);
    expect(ends).toEqual([[1006, 'heartbeat']]);
  });

  it('lets the world end: a script that waits on such a link hears of its end', async () => {
    const ends: unknown[] = [];
    {
      await using w = world();
      const host = w.serve(echo);
      void w.spawn('ada', async () => {
        const client = await w.connect(host);
        client.link.cut();
        ends.push((await client.closed).by);
      });
      await w.settle();
    }
    expect(ends).toEqual(['heartbeat']);
  });

  it('is found by the heartbeat of the client', async () => {
    await using w = world();
    const [client] = await echoIn(w);
    client.link.cut();
    await w.clock.advance(60_000);
    expect(client.closeInfo).toMatchObject({ code: 1006, by: 'heartbeat' });
  });
});
