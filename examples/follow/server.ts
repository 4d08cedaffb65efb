// `npm run follow`: two nodes and the page, until Ctrl+C. Each second a number is published; every
// eight seconds a node is killed or comes back, or a link to the broker is cut or mended.

import { deploy, PAGE } from './deployment.ts';
import { say } from './follow.ts';
import { pageScript } from '../pages/page-script.ts';

const port = Number(process.env['PORT'] ?? 8082);
const deployment = await deploy(await pageScript(PAGE), port);
const [one, two] = deployment.nodes;
const steps: readonly (readonly [what: string, run: () => unknown])[] = [
  ['Node 1 is killed', () => one.kill()],
  ['Node 1 is back', () => one.start()],
  ['The link of node 2 to the broker is cut', () => two.cut()],
  ['The link of node 2 to the broker is mended', () => two.mend()],
];

let number = 0;
const numbers = setInterval(() => {
  number += 1;
  const host = one.host ?? two.host;
  if (host !== undefined) say(host, 'news', String(number));
}, 1000);

let step = 0;
const faults = setInterval(() => {
  const [what, run] = steps[step % steps.length] ?? ['Nothing happens', () => {}];
  step += 1;
  process.stdout.write(`${what}.\n`);
  void run();
}, 8000);

process.once('SIGINT', () => {
  clearInterval(numbers);
  clearInterval(faults);
  void deployment[Symbol.asyncDispose]();
});
process.stdout.write(`The room can be followed at ${deployment.url} (Ctrl+C closes it).\n`);
