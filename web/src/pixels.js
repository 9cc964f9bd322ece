// SPDX-License-Identifier: BSD-3-Clause
// Between the samples of a file, exactly as stored, and the RGBA that canvases take.

import { invalid } from './errors.js';

// What ImageData is where there is none (node), and for 16 bits, for which browsers have none.
function imageData(data, width, height) {
  if (data instanceof Uint8ClampedArray && typeof ImageData !== 'undefined') {
    return new ImageData(data, width, height);
  }
  return { width, height, data, colorSpace: 'srgb' };
}

const chunk = (samples, type) => samples.chunks?.find((one) => one.type === type)?.data;

function expandIndexed(samples) {
  const { width, height, data } = samples;
  const palette = chunk(samples, 'PLTE'), alpha = chunk(samples, 'tRNS');
  const colours = new Uint32Array(256).fill(0xff000000), bytes = new Uint8Array(colours.buffer);
  for (let i = 0; 3 * i < palette.length; ++i) {
    bytes.set(palette.subarray(3 * i, 3 * i + 3), 4 * i);
    bytes[4 * i + 3] = i < (alpha?.length ?? 0) ? alpha[i] : 255;
  }
  const out = new Uint32Array(width * height);
  for (let i = 0; i < out.length; ++i) out[i] = colours[data[i]];
  return imageData(new Uint8ClampedArray(out.buffer), width, height);
}

// RGBA of 8 bits, or of 16 in a Uint16Array where a sample has more than 8. The palette is looked
// up; PNG's transparent colour (tRNS) becomes alpha; smaller depths are spread over the range.
export function toImageData(samples) {
  if (samples.indexed) return expandIndexed(samples);
  const { width, height, channels, bitDepth, data } = samples;
  const max = samples.maxValue || 2 ** bitDepth - 1, wide = bitDepth > 8;
  const top = wide ? 65535 : 255, count = width * height;
  const out = wide ? new Uint16Array(4 * count) : new Uint8ClampedArray(4 * count);
  const scaled = (value) => Math.round(value * top / max);
  const table = max === top ? null : Uint16Array.from({ length: max + 1 }, (_, i) => scaled(i));
  const source = table === null ? data : data.map((value) => table[value]);
  if (channels === 4) {
    out.set(source);
  } else if (channels === 3) {
    for (let i = 0, o = 0; o < out.length; i += 3, o += 4) {
      out[o] = source[i];
      out[o + 1] = source[i + 1];
      out[o + 2] = source[i + 2];
      out[o + 3] = top;
    }
  } else {
    for (let i = 0, o = 0; o < out.length; i += channels, o += 4) {
      out[o] = out[o + 1] = out[o + 2] = source[i];
      out[o + 3] = channels === 2 ? source[i + 1] : top;
    }
  }
  const clear = channels % 2 === 1 ? chunk(samples, 'tRNS') : undefined;
  if (clear?.length === 2 * channels) {
    const key = Array.from({ length: channels }, (_, c) => 256 * clear[2 * c] + clear[2 * c + 1]);
    for (let i = 0; i < count; ++i) {
      if (key.every((value, c) => data[i * channels + c] === value)) out[4 * i + 3] = 0;
    }
  }
  return imageData(out, width, height);
}

// Whether all pixels are opaque, and whether all are gray.
function kind(data, top) {
  let opaque = true, gray = true;
  for (let i = 0; i < data.length && (opaque || gray); i += 4) {
    if (data[i + 3] !== top) opaque = false;
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) gray = false;
  }
  return { opaque, gray };
}

// The samples of RGBA (ImageData, or the like with a Uint16Array), without an alpha that is opaque
// throughout and with one channel where all is gray: nothing is lost by that.
export function fromImageData(image) {
  const { width, height, data } = image;
  const wide = data instanceof Uint16Array;
  if (!wide && !(data instanceof Uint8ClampedArray || data instanceof Uint8Array)) {
    throw invalid('pixels are a Uint8ClampedArray, Uint8Array or Uint16Array');
  }
  if (data.length !== 4 * width * height) {
    throw invalid(`${width} x ${height} pixels of RGBA are ${4 * width * height} numbers, not ${data.length}`);
  }
  const { opaque, gray } = kind(data, wide ? 65535 : 255);
  const channels = (gray ? 1 : 3) + (opaque ? 0 : 1), count = width * height;
  const out = wide ? new Uint16Array(channels * count) : new Uint8Array(channels * count);
  if (channels === 4) {
    out.set(data);
  } else if (channels === 3) {
    for (let i = 0, o = 0; i < data.length; i += 4, o += 3) {
      out[o] = data[i];
      out[o + 1] = data[i + 1];
      out[o + 2] = data[i + 2];
    }
  } else {
    for (let i = 0, o = 0; i < data.length; i += 4, o += channels) {
      out[o] = data[i];
      if (channels === 2) out[o + 1] = data[i + 3];
    }
  }
  return { width, height, channels, bitDepth: wide ? 16 : 8, data: out };
}

// Whether this is samples already.
export const isSamples = (image) => image?.channels !== undefined;
