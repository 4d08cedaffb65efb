// What somebody writes who uses node:test: every word of the test kit once.
// without-runner.spec.ts runs it in a process of its own, against the built package.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fakeSocket, runServer, settle, transportContract, virtualClock } from 'corosock/testing';

async function greet(ws) {
  const [name, status] = await ws.read(100, 10_000);
  await ws.write(status === 'ok' ? `hello, ${name}` : 'are you there?');
}

await test('runServer runs a handler', async () => {
  const run = runServer(greet);
  const client = await run.client;
  await client.write('Ada');
  assert.deepEqual(await client.read(), ['hello, Ada', 'ok']);
  assert.equal((await run.done).end.code, 1000);
});

await test('virtualClock moves time on', async () => {
  const clock = virtualClock();
  const run = runServer(greet, { clock });
  const client = await run.client;
  await clock.advance(10_000);
  assert.deepEqual(await client.read(), ['are you there?', 'ok']);
  await run[Symbol.asyncDispose]();
});

await test('fakeSocket and settle let a test hold both ends', async () => {
  const { ws, client } = fakeSocket();
  const greeting = greet(ws);
  await client.write('Ada');
  await settle();
  assert.equal(client.queued.messages, 1);
  await greeting;
});

await test('run.waiting and run.connect let a test have several clients', async () => {
  let read = 0;
  const run = runServer(async (ws) => {
    await ws.read();
    read += (await readFile(new URL(import.meta.url))).length;
    await ws.read();
  });
  const clients = [await run.client, await run.connect({ headers: { 'x-name': 'Bob' } })];
  for (const client of clients) await client.write('go');
  await run.waiting;
  assert.ok(read > 0);
  assert.equal(run.host.waits().length, 2);
  await run[Symbol.asyncDispose]();
});

await test('transportContract is there for writers of transports', () => {
  assert.ok(transportContract.length > 0);
});
