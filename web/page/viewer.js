// SPDX-License-Identifier: BSD-3-Clause
// A picture, and a heat map over its right part: moved and zoomed by pointer, wheel and keyboard.

const MAX_ZOOM = 32, STEP = 1.5;

export class Viewer {
  #box;
  #canvas;
  #context;
  #picture = null;
  #size = { width: 0, height: 0 };  // of the picture; a preview of it is smaller
  #heat = null;
  #pictureLayer = {};
  #heatLayer = {};
  #split = 1;      // share of the view that the picture has
  #scale = 1;      // screen pixels a pixel
  #x = 0;          // of the picture, at the middle of the view
  #y = 0;
  #fitted = true;
  #pointers = new Map();
  #frame = 0;
  onSplit = () => {};
  onSpot = () => {};

  constructor(box) {
    this.#box = box;
    this.#canvas = box.querySelector('canvas');
    this.#context = this.#canvas.getContext('2d');
    new ResizeObserver(() => this.#resize()).observe(box);
    box.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    box.addEventListener('keydown', (event) => this.#key(event));
    box.addEventListener('pointerdown', (event) => this.#down(event));
    box.addEventListener('pointermove', (event) => this.#move(event));
    for (const type of ['pointerup', 'pointercancel']) box.addEventListener(type, (event) => this.#up(event));
    box.addEventListener('pointerleave', () => this.onSpot(null));
    for (const button of box.querySelectorAll('[data-zoom]')) {
      button.addEventListener('click', () => this.#zoomBy(button.dataset.zoom));
    }
  }

  // An ImageBitmap, which is the viewer's from now on, of a picture of `size`; null for none. One
  // of the same size as before takes its place in the same view.
  show(bitmap, size = bitmap) {
    const { width: before, height: above } = this.#size;
    this.#picture?.close();
    this.#picture = bitmap;
    this.heat = null;
    this.#size = { width: size?.width ?? 0, height: size?.height ?? 0 };
    if (before !== this.#size.width || above !== this.#size.height) this.fit();
    else this.#draw();
  }

  set heat(bitmap) {
    this.#heat?.close();
    this.#heat = bitmap;
    this.#draw();
  }

  get split() {
    return this.#split;
  }
  set split(share) {
    this.#split = Math.min(1, Math.max(0, share));
    this.#draw();
  }

  get #ratio() {
    return globalThis.devicePixelRatio || 1;
  }

  #resize() {
    this.#canvas.width = Math.round(this.#box.clientWidth * this.#ratio);
    this.#canvas.height = Math.round(this.#box.clientHeight * this.#ratio);
    if (this.#fitted) this.fit();
    else this.#draw();
  }

  get #fitScale() {
    const { width, height } = this.#size;
    return Math.min(this.#canvas.width / width, this.#canvas.height / height);
  }

  fit() {
    if (this.#picture !== null) {
      this.#scale = Math.min(this.#fitScale, 8);
      this.#x = this.#size.width / 2;
      this.#y = this.#size.height / 2;
    }
    this.#fitted = true;
    this.#draw();
  }

  // Zooms, the picture's place under the view's (left, top) staying there.
  #zoomTo(scale, left = this.#canvas.width / 2, top = this.#canvas.height / 2) {
    if (this.#picture === null) return;
    const least = Math.min(this.#fitScale, 1), next = Math.min(MAX_ZOOM * this.#ratio, Math.max(least, scale));
    const dx = left - this.#canvas.width / 2, dy = top - this.#canvas.height / 2;
    this.#x += dx / this.#scale - dx / next;
    this.#y += dy / this.#scale - dy / next;
    this.#scale = next;
    this.#fitted = false;
    this.#keep();
    this.#draw();
  }

  #zoomBy(what) {
    if (what === 'fit') this.fit();
    else if (what === 'one') this.#zoomTo(this.#ratio);
    else this.#zoomTo(this.#scale * (what === 'in' ? STEP : 1 / STEP));
  }

  // The picture stays in the view.
  #keep() {
    const clamp = (at, side, view) => {
      const half = view / 2 / this.#scale;
      return side <= 2 * half ? side / 2 : Math.min(side - half, Math.max(half, at));
    };
    this.#x = clamp(this.#x, this.#size.width, this.#canvas.width);
    this.#y = clamp(this.#y, this.#size.height, this.#canvas.height);
  }

  #wheel(event) {
    event.preventDefault();
    this.#zoomTo(this.#scale * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)),
      event.offsetX * this.#ratio, event.offsetY * this.#ratio);
  }

  #key(event) {
    if (event.target !== this.#box || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = 60 * this.#ratio / this.#scale;
    const pan = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    const zoom = { '+': 'in', '=': 'in', '-': 'out', 0: 'fit', 1: 'one' }[event.key];
    if (pan !== undefined) this.#pan(...pan);
    else if (zoom !== undefined) this.#zoomBy(zoom);
    else return;
    event.preventDefault();
  }

  #pan(dx, dy) {
    if (this.#picture === null) return;
    this.#x += dx;
    this.#y += dy;
    this.#fitted = false;
    this.#keep();
    this.#draw();
  }

  #place(event) {
    const box = this.#box.getBoundingClientRect();
    return { left: (event.clientX - box.left) * this.#ratio, top: (event.clientY - box.top) * this.#ratio };
  }

  #nearSplit(left) {
    return this.#heat !== null && Math.abs(left - this.#split * this.#canvas.width) < 14 * this.#ratio;
  }

  #down(event) {
    if (event.target.closest('button') !== null || this.#picture === null) return;
    const place = this.#place(event);
    this.#box.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, { ...place, split: this.#pointers.size === 0 && this.#nearSplit(place.left) });
    this.#box.classList.add('dragging');
  }

  #move(event) {
    const place = this.#place(event), before = this.#pointers.get(event.pointerId);
    if (before === undefined) {
      this.#box.classList.toggle('splitting', this.#nearSplit(place.left));
      this.onSpot(this.#pixelAt(place));
      return;
    }
    if (before.split) {
      this.split = place.left / this.#canvas.width;
      this.onSplit(this.#split);
    } else if (this.#pointers.size === 2) {
      const [other] = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const distance = (at) => Math.hypot(at.left - other.left, at.top - other.top);
      this.#zoomTo(this.#scale * distance(place) / Math.max(1, distance(before)), other.left, other.top);
    } else {
      this.#pan((before.left - place.left) / this.#scale, (before.top - place.top) / this.#scale);
    }
    this.#pointers.set(event.pointerId, { ...before, ...place });
  }

  #up(event) {
    this.#pointers.delete(event.pointerId);
    if (this.#pointers.size === 0) this.#box.classList.remove('dragging');
  }

  #pixelAt({ left, top }) {
    if (this.#picture === null) return null;
    const x = Math.floor(this.#x + (left - this.#canvas.width / 2) / this.#scale);
    const y = Math.floor(this.#y + (top - this.#canvas.height / 2) / this.#scale);
    return x >= 0 && y >= 0 && x < this.#size.width && y < this.#size.height ? { x, y } : null;
  }

  #draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  #paint() {
    const context = this.#context, { width, height } = this.#canvas;
    context.clearRect(0, 0, width, height);
    if (this.#picture === null || width === 0 || height === 0) return;  // not laid out yet
    context.drawImage(this.#seen(this.#pictureLayer, this.#picture), 0, 0);
    if (this.#heat === null || this.#split >= 1) return;
    const edge = Math.round(this.#split * width);
    context.save();
    context.beginPath();
    context.rect(edge, 0, width - edge, height);
    context.clip();
    context.clearRect(edge, 0, width - edge, height);
    context.drawImage(this.#seen(this.#heatLayer, this.#heat), 0, 0);
    context.restore();
    this.#paintHandle(edge);
  }

  // What is seen of a bitmap, drawn anew only when the view has changed: the slider moves over large
  // pictures without drawing them.
  #seen(layer, bitmap) {
    const { width, height } = this.#canvas, view = [width, height, this.#x, this.#y, this.#scale].join();
    if (layer.bitmap === bitmap && layer.view === view) return layer.canvas;
    Object.assign(layer, { bitmap, view });
    layer.canvas ??= new OffscreenCanvas(width, height);
    Object.assign(layer.canvas, { width, height });  // which clears it
    const context = layer.canvas.getContext('2d');
    context.imageSmoothingEnabled = this.#scale < 2;
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, width / 2 - this.#x * this.#scale, height / 2 - this.#y * this.#scale,
      this.#size.width * this.#scale, this.#size.height * this.#scale);
    return layer.canvas;
  }

  #paintHandle(edge) {
    const context = this.#context, middle = this.#canvas.height / 2, size = this.#ratio;
    context.fillStyle = '#fff';
    context.strokeStyle = 'rgba(0, 0, 0, .45)';
    context.lineWidth = size;
    context.fillRect(edge - size, 0, 2 * size, this.#canvas.height);
    context.beginPath();
    context.roundRect(edge - 9 * size, middle - 17 * size, 18 * size, 34 * size, 9 * size);
    context.fill();
    context.stroke();
    context.fillStyle = '#555';
    for (const dx of [-3, 2]) context.fillRect(edge + dx * size, middle - 6 * size, 1.5 * size, 12 * size);
  }
}
