// The three stories on one port, until Ctrl+C. To talk to them, any WebSocket client
// will do; orders are made every five seconds.

import { serve } from 'corosock';
import { chat } from './chat.ts';
import { Echo } from './echo.ts';
import { makeOrders, orders } from './orders.ts';

const port = Number(process.env['PORT'] ?? 8081);
const host = await serve({ '/echo': Echo, '/chat/:room': chat, '/orders': orders }, { port });
const job = setInterval(() => void makeOrders(host), 5000);

process.once('SIGINT', () => {
  clearInterval(job);
  void host.close();
});
process.stdout.write(`Open: ${host.url}/echo, ${host.url}/chat/lobby?name=Ann, ${host.url}/orders\n`);
