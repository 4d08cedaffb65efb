// The server of the ten steps, on any runtime: prints its ports, serves until a visitor has asked
// it to shut down, prints the report, and ends by itself. visitor.js takes the steps, run.js starts
// both over the installed package, and writes certificate.js.

import { channel, defineServer, serve } from 'corosock';
import { cert, key } from './certificate.js';
import { flood, inOrder } from './flood.js';

/** What one visitor asks of the handler of another, and what that tells. */
const orders = channel();
const reports = channel();
/** Each end on a route, as the server sees it. */
const ends = new Map();
let shutDown = () => {};
const isAsked = new Promise((resolve) => (shutDown = resolve));

const echo = async (ws) => {
  for await (const data of ws) await ws.write(data);
};
const wait = async (ws) => void (await ws.closed);

const routes = {
  '/echo': echo,
  '/waits': wait,
  '/shut-down': async (ws) => void (await ws.closed.then(shutDown)),
  '/who': defineServer({
    onPreServer: ({ request }) => ({ from: String(request.headers['x-from']) }),
    server: (ws) => ws.write(`${ws.context.from} ${ws.request.url.searchParams.get('q')}`),
  }),
  '/private': defineServer({
    onPreServer: () => new Response('no', { status: 401, headers: { 'www-authenticate': 'Bearer' } }),
    server: () => {},
  }),
  '/visits': async (ws) => {
    await ws.session.update((data) => {
      data.visits = (data.visits ?? 0) + 1;
    });
    await ws.write(`visit ${(await ws.session.load()).visits}`);
  },
  // Writes until the link is full.
  '/flood': async (ws) => {
    await reports.put(await flood(ws));
    await ws.closed;
  },
  // Does not read before it is told to.
  '/flooded': async (ws) => {
    await orders.take();
    await reports.put(await inOrder(ws));
  },
  '/order': () => void orders.put('read'),
  '/report': async (ws) => ws.write(String((await reports.take())[0])),
  '/parts': async (ws) => {
    const reads = [await ws.read(3, 5000), await ws.read(), await ws.read(10, 20)];
    await ws.write(JSON.stringify(reads));
    await ws.write(['in ', 'parts']);
  },
  '/json': async (ws) => {
    const [value] = await ws.readJson();
    await ws.writeJson({ ...value, seen: true });
    await ws.readJson();
  },
  '/shared': defineServer({
    onPreServer: (handshake) => void (handshake.sharedConnection = true),
    server: (ws) => ws.write(ws.id),
    onClientMessage: async (ws, data) => (await ws.write(`got ${String(data)}`)) === 'ok',
  }),
  '/by-id': async (ws) => {
    const [id] = await ws.readMessage();
    const [other, status] = await ws.host.openServer(id);
    await ws.write(status);
    await other?.write('from afar');
    await other?.endServer(4003, 'afar');
  },
  '/leaves': (ws) => ws.endServer(4002, 'served'),
  '/throws': () => {
    throw new Error('on purpose');
  },
  '/end-of': async (ws) => {
    const [path] = await ws.readMessage();
    const [{ code, reason, clean, by }] = await ends.get(path).take();
    await ws.writeJson({ code, reason, clean, by });
  },
};

/** Keeps each end on a route. */
function watched(path, route) {
  const seen = channel();
  ends.set(path, seen);
  const server = typeof route === 'function' ? { server: route } : route;
  return { ...server, onPostServer: (_, end) => void seen.put(end) };
}

const report = () => {};
const host = await serve(
  Object.fromEntries(Object.entries(routes).map(([path, route]) => [path, watched(path, route)])),
  { protocols: ['b'], sessions: { secret: 'of the ten steps, and of no one else' }, report },
);
const zipping = await serve(echo, { compression: true, report });
const impatient = await serve(watched('impatient', wait), {
  heartbeat: { intervalMs: 50, timeoutMs: 100 },
  messageTimeoutMs: 300,
  closeTimeoutMs: 200,
  report,
});
const secured = await serve(echo, { tls: { cert, key }, report });
console.log([host, zipping, impatient, secured].map(({ port }) => port).join(' '));

await isAsked;
await Promise.all([zipping.close(), impatient.close(), secured.close()]);
const { finished, closed, abandoned } = await host.close({ graceMs: 50 });
console.log(JSON.stringify({ finished, closed, abandoned }));
