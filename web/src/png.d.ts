// SPDX-License-Identifier: BSD-3-Clause
// flowzip/png: PNG files, exactly: 16 bits, palettes, colours behind alpha, interlaced ones, all chunks.

import type { Bytes, Samples } from './decode.js';

export function isPng(bytes: Uint8Array): boolean;
export function readPng(file: Uint8Array | ArrayBuffer): Promise<Required<Samples>>;
/** `compress: false` is fast and large, for what does not leave the page. Default true. */
export function writePng(samples: Samples, options?: { compress?: boolean }): Promise<Blob>;
