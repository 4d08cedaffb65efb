// One column of the page: a client of one node. It shows what the node says of itself, who is in the
// room, and what is said there, with the gaps; it connects again whenever its node is back.

import { connect } from 'corosock/client';
import type { ClientSocket } from 'corosock/client';
import { RoomLog } from '../../follow/page/room-log.ts';
import type { TownLine, View } from '../town.ts';

const template = document.querySelector('template') as HTMLTemplateElement;

/** Shows one node. */
export class Column {
  readonly element: HTMLElement;
  readonly #url: string;
  readonly #log: RoomLog;
  #ws: ClientSocket | undefined;

  /** @param order - Has a node killed or started. */
  constructor(url: string, node: number, order: (words: string) => void) {
    this.#url = url;
    const content = template.content.cloneNode(true) as DocumentFragment;
    this.element = content.querySelector('section') as HTMLElement;
    this.element.dataset['node'] = String(node);
    this.element.ariaLabel = `Node ${node}`;
    this.#find('h2').textContent = `Node ${node}, and ${nameIn(url)}`;
    this.#log = new RoomLog(this.#find('ol') as HTMLOListElement);
    for (const button of this.element.querySelectorAll<HTMLButtonElement>('button[data-order]')) {
      button.addEventListener('click', () => order(`${button.dataset['order']} ${node}`));
    }
    this.#find('input').ariaLabel = `Say something as ${nameIn(url)}`;
    this.#find('form').addEventListener('submit', (event) => this.#say(event));
  }

  /** Follows the node, from each start of it to its end. */
  async run(): Promise<void> {
    this.#showLink(false);
    for await (const ws of connect.each(this.#url, { maxDelayMs: 1000 })) {
      this.#ws = ws;
      this.#showLink(true);
      this.#log.begin();
      for (;;) {
        const [data, status] = await ws.readMessage();
        if (status !== 'ok') break;
        const line = JSON.parse(String(data)) as TownLine;
        if ('view' in line) this.#showView(line.view);
        else this.#log.take(line);
      }
      this.#showLink(false);
    }
  }

  /** @param pid - Null while the node has no process. */
  showProcess(pid: number | null): void {
    this.#set('.process', pid === null ? 'none' : String(pid), pid === null);
    this.element.classList.toggle('is-dead', pid === null);
    for (const button of this.element.querySelectorAll<HTMLButtonElement>('button[data-order]')) {
      button.disabled = (pid === null) !== (button.dataset['order'] === 'start');
    }
  }

  #showLink(isOpen: boolean): void {
    this.#find('form button').toggleAttribute('disabled', !isOpen);
    if (isOpen) return;
    this.#set('.health', 'unknown: no link to this node', true);
    this.#set('.present', 'unknown', true);
  }

  #showView({ broker, sinceMs, present, missingNodes, missingForMs }: View): void {
    this.#set('.health', `broker ${broker} for ${Math.floor(sinceMs / 1000)} s`, broker === 'down');
    const names = present.map(([name, sockets]) => (sockets === 1 ? name : `${name} (${sockets} sockets)`));
    const missing =
      missingNodes === 0 ? '' : `; a node was heard last ${Math.floor(missingForMs / 1000)} s ago`;
    this.#set('.present', `${names.join(', ')}${missing}`, missingNodes > 0);
  }

  #say(event: Event): void {
    event.preventDefault();
    const input = this.#find('input') as HTMLInputElement;
    void this.#ws?.write(input.value);
    input.value = '';
  }

  #set(selector: string, text: string, isWrong: boolean): void {
    const field = this.#find(selector);
    field.textContent = text;
    field.classList.toggle('is-wrong', isWrong);
  }

  #find(selector: string): HTMLElement {
    return this.element.querySelector(selector) as HTMLElement;
  }
}

/** The name behind the last slash: whose socket it is. */
function nameIn(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
