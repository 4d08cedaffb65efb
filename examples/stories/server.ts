// The stories on one port, until Ctrl+C. To talk to them, any WebSocket client
// will do; orders are made every five seconds.

import { serve } from 'corosock';
import { chat } from './chat.ts';
import { Echo } from './echo.ts';
import { asking, helper } from './helpers.ts';
import { NewsDesk } from './news.ts';
import { makeOrders, orders } from './orders.ts';
import { questions } from './questions.ts';

const port = Number(process.env['PORT'] ?? 8081);
const desk = new NewsDesk();
const routes = {
  '/echo': Echo,
  '/chat/:room': chat,
  '/orders': orders,
  '/helper': helper,
  '/ask/:id': asking,
  '/news': desk.server,
  '/questions': questions(async (question) => `Who wants to know? ${question}`),
};
const host = await serve(routes, { port });
const job = setInterval(() => {
  void makeOrders(host);
  desk.publish('Five seconds have passed');
}, 5000);

process.once('SIGINT', () => {
  clearInterval(job);
  void host.close();
});
process.stdout.write(
  `Open: ${Object.keys(routes)
    .map((path) => host.url + path)
    .join(', ')}\n`,
);
