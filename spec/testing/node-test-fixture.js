// What somebody writes who uses node:test: every word of the test kit once.
// without-runner.spec.ts runs it in a process of its own, against the built package.

import assert from 'node:assert/strict';
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

await test('transportContract is there for writers of transports', () => {
  assert.ok(transportContract.length > 0);
});
