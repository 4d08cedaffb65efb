// Takes the ten steps with a server of server.js, on any runtime, and prints a line for each:
// `node visitor.js PORT ZIPPING_PORT IMPATIENT_PORT SECURED_PORT`. run.js starts it.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { channel, connect, every, select } from 'corosock/client';
import { cert } from './certificate.js';
import { flood, FLOOD, inOrder } from './flood.js';
import { CLOSE, HALF_A_TEXT, PONG, rawLink, TEXT_HI } from './raw-link.js';

const [port, zippingPort, impatientPort, securedPort] = process.argv.slice(2);
/** A step that takes longer hangs. */
const LIMIT_MS = 20_000;

const open = (path, options) => connect(`ws://127.0.0.1:${port}${path}`, options);
const endOf = ({ code, reason, clean, by }) => [code, reason, clean, by];

/** Says something on a route, and gives what is answered. */
async function ask(path, ...messages) {
  const ws = await open(path);
  for (const message of messages) await ws.write(message);
  const [answer] = await ws.readMessage(5000);
  await ws.close();
  return answer;
}

/** How the next conversation of a route has ended for the server. */
async function endAtServer(path) {
  return endOf(JSON.parse(await ask('/end-of', path)));
}

const steps = {
  'opens with headers and a subprotocol, and over TLS': async () => {
    const ws = await open('/who?q=%C3%A9', { headers: { 'x-from': 'ada' }, protocols: ['a', 'b'] });
    assert.equal(ws.protocol, 'b');
    assert.deepEqual(await ws.readMessage(5000), ['ada é', 'ok']);
    assert.deepEqual(await ws.readMessage(5000), [undefined, 'closed']);
    assert.deepEqual(endOf(ws.closeInfo), [1000, '', true, 'peer']);
    const url = `wss://localhost:${securedPort}`;
    const secured = await connect(url, { tls: { ca: cert } });
    await secured.write('a secret');
    assert.deepEqual(await secured.readMessage(5000), ['a secret', 'ok']);
    assert.equal((await secured.close()).clean, true);
    await assert.rejects(connect(url), { code: 'COROSOCK_CONNECT', status: undefined });
  },

  'sends text and bytes in order, also compressed': async () => {
    const sent = Array.from({ length: 300 }, (_, i) =>
      i % 2 === 0 ? `${i} ünï😀` : new Uint8Array(i % 3 === 0 ? 70_000 : i).fill(i),
    );
    sent.push('', new Uint8Array(0), 'x'.repeat(1_000_000));
    const zipped = await connect(`ws://127.0.0.1:${zippingPort}`, { compression: true });
    for (const ws of [await open('/echo'), zipped]) {
      const writing = (async () => {
        for (const data of sent) await ws.write(data);
      })();
      for (const data of sent) {
        const [heard] = await ws.readMessage(5000);
        if (typeof data === 'string') assert.equal(heard, data);
        else assert.ok(heard instanceof Uint8Array && Buffer.compare(heard, data) === 0);
      }
      await writing;
      await ws.close();
    }
  },

  'is held back by a server, and holds one back, and loses nothing': async () => {
    const slow = await open('/flood');
    const written = Number(await ask('/report'));
    assert.ok(written < FLOOD, 'the server was not held back');
    assert.equal(await inOrder(slow), written);
    await slow.close();
    const fast = await open('/flooded');
    const sent = await flood(fast);
    assert.ok(sent < FLOOD, 'the client was not held back');
    await (
      await open('/order')
    ).closed;
    assert.equal(Number(await ask('/report')), sent);
    await fast.closed;
  },

  'reads in parts; a time-out and an abort take nothing': async () => {
    const ws = await open('/parts');
    assert.deepEqual(await ws.read({ timeoutMs: 20 }), [undefined, 'timeout']);
    await assert.rejects(ws.read({ signal: AbortSignal.timeout(10) }), { name: 'TimeoutError' });
    await ws.write('abcdef');
    assert.equal((await ws.readMessage(5000))[0], '[["abc","ok"],["def","ok"],[null,"timeout"]]');
    assert.deepEqual(
      [await ws.read(2), await ws.readMessage()],
      [
        ['in', 'ok'],
        [' parts', 'ok'],
      ],
    );
    await ws.closed;
  },

  'selects from sockets, a channel, a timer and a signal': async () => {
    const [one, two] = [await open('/echo'), await open('/echo')];
    const [news, tick] = [channel(), every(10)];
    await two.write('two');
    assert.deepEqual(await select({ one, two, news }), ['two', ['two', 'ok']]);
    await news.put('news');
    assert.deepEqual(await select({ one, two, news }), ['news', ['news', 'ok']]);
    assert.equal((await select({ one, two, tick }))[0], 'tick');
    assert.deepEqual(await select({ one, two }, { timeoutMs: 10 }), ['timeout', undefined]);
    assert.equal((await select({ one, over: AbortSignal.timeout(10) }))[0], 'over');
    await one.close();
    assert.deepEqual(await select({ one, two }), ['one', [undefined, 'closed']]);
    await two.close();
  },

  'speaks JSON, keeps a session, and is reached by its id': async () => {
    const ws = await open('/json');
    await ws.writeJson({ name: 'ada' });
    assert.deepEqual(await ws.readJson({ timeoutMs: 5000 }), [{ name: 'ada', seen: true }, 'ok']);
    await ws.write('no json');
    assert.deepEqual(endOf(await ws.closed), [1007, '', true, 'peer']);
    const { head, link } = await rawLink(port, '/visits');
    link.destroy();
    const cookie = /set-cookie: ([^;\r]+)/i.exec(head)?.[1] ?? 'none';
    const returned = await open('/visits', { headers: { cookie } });
    assert.equal((await returned.readMessage(5000))[0], 'visit 2');
    const shared = await open('/shared');
    const [id] = await shared.readMessage(5000);
    await shared.write('a question');
    assert.equal((await shared.readMessage(5000))[0], 'got a question');
    assert.equal(await ask('/by-id', id), 'ok');
    assert.equal((await shared.readMessage(5000))[0], 'from afar');
    assert.deepEqual(endOf(await shared.closed), [4003, 'afar', true, 'peer']);
  },

  'carries close codes both ways, and last words': async () => {
    const ws = await open('/waits');
    assert.deepEqual(endOf(await ws.close(4001, 'bye')), [4001, 'bye', true, 'local']);
    assert.deepEqual(await endAtServer('/waits'), [4001, 'bye', true, 'peer']);
    assert.deepEqual(endOf(await (await open('/leaves')).closed), [4002, 'served', true, 'peer']);
    assert.deepEqual(await endAtServer('/leaves'), [4002, 'served', true, 'local']);
    assert.deepEqual(endOf(await (await open('/throws')).closed), [1011, '', true, 'peer']);
    const { link, ended } = await rawLink(port, '/echo');
    link.write(Buffer.concat([TEXT_HI, CLOSE]));
    assert.ok((await ended).endsWith('\r\n\r\n\x81\x02hi\x88\x02\x03\xe8'), 'no answer to the last question');
  },

  'is refused, and gives up': async () => {
    const refusal = (path) =>
      open(path).then(
        () => 'opened',
        ({ code, status }) => `${code} ${status}`,
      );
    assert.equal(await refusal('/private'), 'COROSOCK_CONNECT 401');
    assert.equal(await refusal('/nothing'), 'COROSOCK_CONNECT 404');
    const silent = createServer((stream) => void stream.resume().on('error', () => {}));
    await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const url = `ws://127.0.0.1:${silent.address().port}`;
    await assert.rejects(connect(url, { timeoutMs: 50 }), { code: 'COROSOCK_CONNECT' });
    await assert.rejects(connect(url, { signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' });
    await new Promise((resolve) => silent.close(resolve));
    await assert.rejects(connect(url), { code: 'COROSOCK_CONNECT', status: undefined });
  },

  'ends at limits, and at links that are lost, dead or slow': async () => {
    const ws = await open('/echo');
    await ws.write('x'.repeat(2_000_000));
    assert.deepEqual(endOf(await ws.closed), [1009, '', true, 'peer']);
    const small = await open('/echo', { maxMessageBytes: 10 });
    await small.write('more than ten');
    assert.deepEqual(endOf(await small.closed), [1009, '', false, 'limit']);
    (await rawLink(port, '/waits')).link.destroy();
    assert.deepEqual(await endAtServer('/waits'), [1006, '', false, 'link']);
    await (
      await rawLink(impatientPort, '/')
    ).ended;
    assert.deepEqual(await endAtServer('impatient'), [1006, '', false, 'heartbeat']);
    const { link } = await rawLink(impatientPort, '/');
    link.write(HALF_A_TEXT);
    // Each byte is a sign of life.
    const timer = setInterval(() => link.write(PONG), 20);
    assert.deepEqual(await endAtServer('impatient'), [1008, '', false, 'limit']);
    clearInterval(timer);
    link.destroy();
  },

  'is told of a shut-down': async () => {
    const ws = await open('/waits');
    await (await open('/shut-down')).close();
    assert.deepEqual(endOf(await ws.closed), [1001, '', true, 'peer']);
    await assert.rejects(open('/echo'), { code: 'COROSOCK_CONNECT' });
  },
};

let failed = 0;
for (const [name, step] of Object.entries(steps)) {
  const limit = setTimeout(() => {
    console.log(`hangs: ${name}`);
    process.exit(1);
  }, LIMIT_MS);
  try {
    await step();
    console.log(`ok: ${name}`);
  } catch (error) {
    console.log(`failed: ${name}\n${error?.stack ?? error}`);
    failed += 1;
  }
  clearTimeout(limit);
}
// A step that has failed may have left something. Without one the process ends by itself.
if (failed > 0) process.exit(1);
