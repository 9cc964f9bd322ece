// SPDX-License-Identifier: BSD-3-Clause
// flowzip/element: importing it defines <flz-img>.
//
//   <flz-img src="photo.flz" alt="A dome" width="600" height="400" loading="lazy"></flz-img>
//
// Events "load" and "error" as <img> has them, "preview" once the file's preview is shown, while the rest is still
// coming; attribute `state`: loading, preview, loaded, error; parts `img` and `error` for
// style sheets. Cross-origin files need CORS headers.

export class FlzImg extends HTMLElement {
  src: string;
  alt: string;
  loading: 'lazy' | 'eager';
  readonly complete: boolean;
  readonly naturalWidth: number;
  readonly naturalHeight: number;
}

declare global {
  interface HTMLElementTagNameMap {
    'flz-img': FlzImg;
  }
}
