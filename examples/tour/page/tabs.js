// Tabs as the ARIA Authoring Practices have them: one in the tab order, arrow
// keys between them, the chosen one kept in the address. page.js says what is
// behind each.

/**
 * Makes tabs of buttons whose `aria-controls` name their panels.
 *
 * @param {HTMLElement} list - An element with `role="tablist"`.
 */
export function makeTabs(list) {
  const tabs = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('[role="tab"]')]);

  /** @param {HTMLElement | undefined} chosen */
  const choose = (chosen) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute('aria-selected', String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panelOf(tab).hidden = !isChosen;
    }
  };
  const chooseFromAddress = () =>
    choose(tabs.find((tab) => `#${panelOf(tab).id}` === location.hash) ?? tabs[0]);

  list.addEventListener('click', ({ target }) => {
    const tab = target instanceof Element ? target.closest('[role="tab"]') : null;
    if (tab instanceof HTMLElement) goTo(tab);
  });
  list.addEventListener('keydown', (event) => {
    const at = tabs.findIndex((tab) => tab === document.activeElement);
    const next = neighbour(event.key, at, tabs.length);
    const tab = next === undefined ? undefined : tabs.at(next);
    if (tab === undefined) return;
    event.preventDefault();
    tab.focus();
    goTo(tab);
  });

  /** @param {HTMLElement} tab */
  const goTo = (tab) => {
    history.replaceState(null, '', `#${panelOf(tab).id}`);
    choose(tab);
  };
  globalThis.addEventListener('hashchange', chooseFromAddress);
  chooseFromAddress();
}

/**
 * @param {string} key
 * @param {number} at
 * @param {number} count
 */
function neighbour(key, at, count) {
  switch (key) {
    case 'ArrowLeft':
      return at - 1;
    case 'ArrowRight':
      return (at + 1) % count;
    case 'Home':
      return 0;
    case 'End':
      return -1;
    default:
      return undefined;
  }
}

/** @param {HTMLElement} tab */
function panelOf(tab) {
  const panel = document.getElementById(tab.getAttribute('aria-controls') ?? '');
  if (panel === null) throw new Error(`The tab '${tab.textContent}' has no panel.`);
  return panel;
}
