// Starts the page: fills the three panels from the template and makes tabs of
// them. What happens in a panel is stage.js's.

import { Stage } from './stage.js';
import { makeTabs } from './tabs.js';

const template = /** @type {HTMLTemplateElement} */ (document.getElementById('stage'));

for (const panel of document.querySelectorAll('section')) {
  panel.append(template.content.cloneNode(true));
  const tab = document.querySelector(`[aria-controls="${panel.id}"]`);
  const stage = new Stage(panel, panel.id, (running) => tab?.classList.toggle('is-running', running));
  void stage.showSource();
}

makeTabs(/** @type {HTMLElement} */ (document.querySelector('[role="tablist"]')));
