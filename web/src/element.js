// SPDX-License-Identifier: BSD-3-Clause
// <flz-img src="photo.flz" alt="..." loading="lazy">: a picture in a .flz file. See element.d.ts.
//
// Decoded in a worker that all elements share; shown as the browser shows a PNG file, with its
// colour profile and orientation; before that its preview, if the file has one, as soon as that has
// come. Hidden until then; an error shows the alternative text.

import { FlowzipError } from './errors.js';
import { FlowzipWorker } from './worker.js';

let shared = null;
const worker = () => shared ??= new FlowzipWorker({ only: 'decode' });

// Bytes of a file with which the preview is first looked for.
const BEGINNING = 1 << 15;

// (A constructed sheet passes pages' content security policies.)
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: inline-block; max-width: 100%; vertical-align: bottom; }
  :host([hidden]) { display: none; }
  img { display: block; max-width: 100%; height: auto; opacity: 0; transition: opacity .2s; }
  :host([width]) img { width: 100%; }
  :host(:is([state=preview], [state=loaded])) img { opacity: 1; }
  :host([state=error]) img { display: none; }
  p { margin: 0; padding: .5em; border: 1px solid currentcolor; opacity: .7; font: inherit; }
  @media (prefers-reduced-motion: reduce) { img { transition: none; } }
`);

export class FlzImg extends HTMLElement {
  static observedAttributes = ['src', 'alt', 'width', 'height', 'loading'];

  #img;
  #note;
  #abort = null;
  #observer = null;
  #info = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [sheet];
    this.#img = document.createElement('img');
    this.#img.part = 'img';
    this.#img.decoding = 'async';
    this.#note = document.createElement('p');
    this.#note.part = 'error';
    this.#note.hidden = true;
    root.append(this.#img, this.#note);
  }

  get src() {
    const src = this.getAttribute('src');
    return src === null ? '' : new URL(src, document.baseURI).href;
  }
  set src(value) { this.setAttribute('src', value); }
  get alt() { return this.getAttribute('alt') ?? ''; }
  set alt(value) { this.setAttribute('alt', value); }
  get loading() { return this.getAttribute('loading') === 'lazy' ? 'lazy' : 'eager'; }
  set loading(value) { this.setAttribute('loading', value); }
  get complete() { return this.getAttribute('state') === 'loaded'; }
  // As an <img> has them: turned as the picture says, once it is there.
  get naturalWidth() { return this.complete ? this.#img.naturalWidth : this.#info?.width ?? 0; }
  get naturalHeight() { return this.complete ? this.#img.naturalHeight : this.#info?.height ?? 0; }

  connectedCallback() {
    if (!this.complete) this.#plan();
  }

  disconnectedCallback() {
    this.#stop();
  }

  attributeChangedCallback(name, before, after) {
    if (name === 'alt') this.#img.alt = after ?? '';
    if (name === 'width' || name === 'height') this.#size();
    if (name === 'src' && before !== after && this.isConnected) this.#plan();
    if (name === 'loading' && after !== 'lazy' && this.#observer !== null) this.#plan();
  }

  // The box of the picture, before it is there: no page jumps.
  #size() {
    const width = this.getAttribute('width'), height = this.getAttribute('height');
    this.style.width = width === null ? '' : `${width}px`;
    if (this.complete) return;
    const known = this.#info ?? (width !== null && height !== null ? { width, height } : null);
    this.#img.style.aspectRatio = known === null ? '' : `${known.width} / ${known.height}`;
  }

  #stop() {
    this.#observer?.disconnect();
    this.#observer = null;
    this.#abort?.abort();
    this.#abort = null;
  }

  #plan() {
    this.#stop();
    this.#info = null;
    this.#note.hidden = true;
    this.#img.style.width = '';
    if (!this.hasAttribute('src')) {
      this.removeAttribute('state');
      return;
    }
    this.setAttribute('state', 'loading');
    this.#size();
    if (this.loading !== 'lazy') {
      this.#load();
      return;
    }
    this.#observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      this.#observer.disconnect();
      this.#observer = null;
      this.#load();
    }, { rootMargin: '100% 50%' });
    this.#observer.observe(this);
  }

  async #load() {
    const { signal } = this.#abort = new AbortController();
    try {
      const response = await fetch(this.src, { signal });
      if (!response.ok) throw new FlowzipError('io', `${response.status} ${response.statusText}`.trim());
      const file = await this.#read(response, signal);
      this.#info ??= await worker().info(file);
      if (signal.aborted) return;
      this.#size();
      const png = await worker().toPng(file, { compress: false });
      if (signal.aborted) return;
      await this.#show(png);
      if (signal.aborted) return;
      this.#img.style.aspectRatio = this.#img.style.width = '';  // it has its own now
      this.setAttribute('state', 'loaded');
      this.dispatchEvent(new Event('load'));
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  // The file; its preview is shown on the way.
  async #read(response, signal) {
    const reader = response.body.getReader(), parts = [];
    let size = 0, enough = BEGINNING;
    const bytes = () => {
      const all = new Uint8Array(size);
      let at = 0;
      for (const part of parts) {
        all.set(part, at);
        at += part.length;
      }
      return all;
    };
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return bytes();
      parts.push(value);
      size += value.length;
      if (size >= enough) enough = await this.#preview(bytes(), signal);
    }
  }

  // Shows the preview if `beginning` has it; with how many bytes to try again.
  async #preview(beginning, signal) {
    try {
      const info = await worker().info(beginning);
      if (signal.aborted) return Infinity;
      this.#info = info;
      this.#size();
      if (info.preview === null) return Infinity;
      const end = info.headerBytes + info.preview.bytes;
      if (beginning.length < end) return end;
      const png = await worker().toPng(beginning, { preview: true, compress: false });
      if (signal.aborted) return Infinity;
      await this.#show(png);
      if (signal.aborted) return Infinity;
      this.#enlarge(info);
      this.setAttribute('state', 'preview');
      this.dispatchEvent(new Event('preview'));
      return Infinity;
    } catch (error) {
      // What is wrong with the file will be said when all of it is here.
      return error.code === 'truncated' ? 2 * beginning.length : Infinity;
    }
  }

  // The preview takes the place that the picture will have, which may be turned.
  #enlarge({ width, height }) {
    const { naturalWidth, naturalHeight, style } = this.#img;
    style.aspectRatio = '';
    style.width = this.hasAttribute('width') ? ''
      : `${Math.round(naturalWidth * Math.max(width, height) / Math.max(naturalWidth, naturalHeight))}px`;
  }

  async #show(png) {
    const url = URL.createObjectURL(png);
    try {
      this.#img.src = url;
      await this.#img.decode();
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  #fail(error) {
    this.setAttribute('state', 'error');
    this.#note.hidden = false;
    this.#note.textContent = this.alt || 'This picture cannot be shown.';
    this.#note.title = error.message;
    this.dispatchEvent(new ErrorEvent('error', { error, message: error.message }));
  }
}

customElements.define('flz-img', FlzImg);
