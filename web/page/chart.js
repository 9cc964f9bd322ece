// SPDX-License-Identifier: BSD-3-Clause
// The table of sizes, with a bar for each.

export function bytesText(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB'];
  let value = bytes / 1000, unit = 0;
  for (; value >= 999.5; value /= 1000) ++unit;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${units[unit]}`;
}

export class Chart {
  #body;
  #rows = new Map();
  #reference = null;  // the row that is 100 %

  constructor(table) {
    this.#body = table.querySelector('tbody');
  }

  clear() {
    this.#rows.clear();
    this.#reference = null;
    this.#body.replaceChildren();
  }

  // A row that waits. `label` is what people read; `reference`: others are compared with it.
  add(key, label, { reference = false } = {}) {
    const element = document.createElement('tr');
    element.className = `${key} waiting`;
    element.innerHTML = '<th scope="row"></th><td class="size"></td><td class="share"></td><td class="bar"><i></i></td>';
    element.querySelector('th').textContent = label;
    this.#rows.set(key, { element, bytes: null });
    if (reference) this.#reference = key;
    this.#body.append(element);
  }

  has(key) {
    return this.#rows.has(key);
  }

  bytes(key) {
    return this.#rows.get(key)?.bytes ?? null;
  }

  #set(key, state, text) {
    const { element } = this.#rows.get(key);
    element.classList.remove('waiting', 'working', 'unknown', 'won');
    if (state !== '') element.classList.add(state);
    const size = element.querySelector('.size');
    if (text instanceof Node) size.replaceChildren(text);
    else size.textContent = text;
    element.querySelector('.share').textContent = '';
    return element;
  }

  // `share` of the work that is done; a button to end it if `cancel` is given.
  progress(key, share, cancel) {
    const row = this.#rows.get(key);
    if (!row.element.classList.contains('working')) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'small';
      button.textContent = 'Cancel';
      button.setAttribute('aria-label', `Cancel ${row.element.querySelector('th').textContent}`);
      button.addEventListener('click', cancel);
      this.#set(key, 'working', button);
    }
    row.element.classList.toggle('unknown', share === 0);
    row.element.querySelector('.bar i').style.width = share === 0 ? '100%' : `${100 * share}%`;
    row.element.querySelector('.share').textContent = share > 0 ? `${Math.floor(100 * share)} %` : '';
  }

  size(key, bytes, title = '') {
    this.#rows.get(key).bytes = bytes;
    this.#set(key, '', bytesText(bytes)).title = title;
    this.#compare();
  }

  // A row without a size, with the reason; or with a button that starts it.
  none(key, text) {
    const element = this.#set(key, 'waiting', text);
    element.querySelector('.bar i').style.width = '0';
  }

  start(key, label, run) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'small';
    button.textContent = label;
    button.setAttribute('aria-label', `${label} ${this.#rows.get(key).element.querySelector('th').textContent}`);
    button.addEventListener('click', run);
    this.none(key, button);
  }

  #compare() {
    const known = [...this.#rows.values()].filter((row) => row.bytes !== null);
    const most = Math.max(...known.map((row) => row.bytes)), least = Math.min(...known.map((row) => row.bytes));
    const whole = this.bytes(this.#reference);
    for (const { element, bytes } of known) {
      element.querySelector('.bar i').style.width = `${100 * bytes / most}%`;
      element.querySelector('.share').textContent = whole === null ? '' : `${Math.round(100 * bytes / whole)} %`;
      element.classList.toggle('won', known.length > 1 && bytes === least);
    }
  }
}
