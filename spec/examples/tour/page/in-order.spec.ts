// The page's scripts have no declarations: what this one has is said here.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface Sighting {
  readonly written: number;
  readonly kind: string;
}
interface InOrderScript {
  readonly InOrder: new (
    showMessage: (text: string) => void,
    showSighting: (sighting: Sighting) => void,
  ) => {
    message(text: string): void;
    sighting(sighting: Sighting): void;
    endMessages(): void;
    endSightings(): void;
  };
}

const script = new URL('../../../../examples/tour/page/in-order.js', import.meta.url);
const { InOrder } = (await import(script.href)) as InOrderScript;

const waiting = (written: number): Sighting => ({ kind: 'waiting', written });

describe('InOrder', () => {
  it('shows a message once a sighting says that it has been written', () => {
    const { order, shown } = inOrder();
    order.message('Hello.');
    expect(shown).toEqual([]);
    order.sighting(waiting(1));
    expect(shown).toEqual(['Hello.', 'waiting']);
  });

  it('keeps a sighting until the messages before it have come', () => {
    const { order, shown } = inOrder();
    order.sighting(waiting(2));
    order.message('Hello.');
    expect(shown).toEqual(['Hello.']);
    order.message('Who is there?');
    expect(shown).toEqual(['Hello.', 'Who is there?', 'waiting']);
  });

  it('shows a sighting before the messages that came after it', () => {
    const { order, shown } = inOrder();
    order.message('Higher.');
    order.sighting({ kind: 'ok', written: 0 });
    order.sighting(waiting(1));
    expect(shown).toEqual(['ok', 'Higher.', 'waiting']);
  });

  it('waits for no message once the conversation is closed', () => {
    const { order, shown } = inOrder();
    order.sighting(waiting(1));
    order.endMessages();
    expect(shown).toEqual(['waiting']);
  });

  it('shows messages as they come once nobody watches', () => {
    const { order, shown } = inOrder();
    order.message('Hello.');
    order.endSightings();
    order.message('Still there?');
    expect(shown).toEqual(['Hello.', 'Still there?']);
  });

  it('restores any order in which two sockets deliver', () => {
    const happened = fc.array(fc.boolean(), { maxLength: 30 });
    fc.assert(
      fc.property(happened, fc.infiniteStream(fc.boolean()), (isMessage, messageComes: Iterator<boolean>) => {
        const events = numbered(isMessage);
        const { order, shown } = inOrder();
        const messages = events.filter((event) => typeof event === 'string');
        const sightings = events.filter((event) => typeof event !== 'string');
        while (messages.length + sightings.length > 0) {
          const takeMessage =
            sightings.length === 0 || (messages.length > 0 && messageComes.next().value === true);
          if (takeMessage) order.message(messages.shift() ?? '');
          else order.sighting(sightings.shift() ?? waiting(0));
        }
        order.endMessages();
        order.endSightings();
        expect(shown).toEqual(events.map((event) => (typeof event === 'string' ? event : event.kind)));
      }),
    );
  });
});

function inOrder(): { readonly order: InstanceType<InOrderScript['InOrder']>; readonly shown: string[] } {
  const shown: string[] = [];
  const order = new InOrder(
    (text) => shown.push(text),
    ({ kind }) => shown.push(kind),
  );
  return { order, shown };
}

/** What a handler did, one thing after another: a message, or a sighting that counts the messages before it. */
function numbered(isMessage: readonly boolean[]): readonly (string | Sighting)[] {
  let written = 0;
  return isMessage.map((message, at) => {
    if (message) written += 1;
    return message ? `message ${at}` : { kind: `sighting ${at}`, written };
  });
}
