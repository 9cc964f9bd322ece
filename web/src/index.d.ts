// SPDX-License-Identifier: BSD-3-Clause
// flowzip: everything. See decode.d.ts for what it shares with flowzip/decode.

import type { PlainImage, Samples, WorkOptions } from './decode.js';

export * from './decode.js';

export type Effort = 'fast' | 'standard' | 'best';

/** ImageData, or the like: RGBA of 8 bits, or of 16 in a Uint16Array. */
export type Rgba = ImageData | PlainImage | { width: number; height: number; data: Uint8Array };

export interface EncodeOptions extends WorkOptions {
  /** Default 'standard'. */
  effort?: Effort;
  /** Look for what RGB was converted from (PhotoCD, JFIF). Default true. */
  recoverColour?: boolean;
}

/**
 * A .flz file: byte for byte that of the command `flowzip encode`, for samples with their chunks. Of RGBA, an alpha that is
 * opaque throughout is left out, and one channel is kept where all is gray.
 */
export function encode(image: Rgba | Samples, options?: EncodeOptions): Promise<Uint8Array>;

export interface Heatmap {
  width: number;
  height: number;
  /** Bits of each pixel, all its channels together; rows from top to bottom. */
  bits: Float32Array;
  /** A round number that 98 % of the pixels do not exceed. */
  max: number;
  /** 256 colours of three bytes, for 0 to `max`. */
  colours: Uint8Array;
  /** The file, as encode() makes it. */
  file: Uint8Array;
}

/** Encodes, and says where the bits went. */
export function heatmap(image: Rgba | Samples, options?: EncodeOptions): Promise<Heatmap>;
export function drawHeatmap(map: Heatmap, max?: number): ImageData | PlainImage;

export interface SampleOptions {
  /** 1 to 4096; default 256. */
  width?: number;
  height?: number;
  /** 0 to 2^32 - 1; the same picture for the same seed everywhere. */
  seed?: number;
  /** Width of the distributions: 1/16 to 16, default 1. */
  temperature?: number;
  gray?: boolean;
  /** By the model of that effort. */
  effort?: Effort;
}

/** A picture that the model makes up. */
export function sample(what?: SampleOptions, options?: WorkOptions): Promise<ImageData | PlainImage>;

/** XXH3-64 of an array's bytes, as sixteen hexadecimal digits. */
export function hash(data: ArrayBufferView): Promise<string>;

export function fromImageData(image: Rgba): Samples;
