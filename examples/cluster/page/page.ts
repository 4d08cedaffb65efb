// The page of the demo: a column for each node, and buttons that kill and start them. Its orders go
// to the process that has started the nodes; the columns talk to the nodes themselves.

import { connect } from 'corosock/client';
import type { ClientSocket } from 'corosock/client';
import type { Processes } from '../cluster.ts';
import { Column } from './column.ts';

const nodes = (await (await fetch('/nodes')).json()) as readonly string[];
const columns = nodes.map((node, index) => new Column(node, index + 1, order));
document.querySelector('main')?.append(...columns.map(({ element }) => element));
for (const column of columns) void column.run();

const brokerTitle = document.querySelector('.broker output') as HTMLOutputElement;
const [killBroker, startBroker] = document.querySelectorAll<HTMLButtonElement>('.broker button');
for (const button of [killBroker, startBroker]) button?.addEventListener('click', () => order(button.value));

let control: ClientSocket | undefined;
for await (const ws of connect.each(`ws://${location.host}/processes`, { maxDelayMs: 1000 })) {
  control = ws;
  for (;;) {
    const [data, status] = await ws.readMessage();
    if (status !== 'ok') break;
    show(JSON.parse(String(data)) as Processes);
  }
}

/** `kill 1`, `stop 1`, `start 1`, `kill broker` or `start broker`. */
function order(words: string): void {
  void control?.write(words);
}

function show(processes: Processes): void {
  const { title, isUp } = processes.broker;
  brokerTitle.value = isUp ? title : `${title}, killed`;
  brokerTitle.classList.toggle('is-wrong', !isUp);
  if (killBroker !== undefined) killBroker.disabled = !isUp;
  if (startBroker !== undefined) startBroker.disabled = isUp;
  for (const [index, column] of columns.entries()) column.showProcess(processes.nodes[index] ?? null);
}
