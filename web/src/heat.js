// SPDX-License-Identifier: BSD-3-Clause
// A heat map's colours.

// RGBA of the map; `max` bits, or more, have the last colour.
export function drawHeatmap(map, max = map.max) {
  const { width, height, bits } = map;
  const out = new Uint8ClampedArray(4 * width * height), pixels = new Uint32Array(out.buffer);
  const palette = new Uint8Array(1024).fill(255);
  for (let i = 0; i < 256; ++i) palette.set(map.colours.subarray(3 * i, 3 * i + 3), 4 * i);
  const words = new Uint32Array(palette.buffer), factor = 255 / max;
  for (let i = 0; i < bits.length; ++i) pixels[i] = words[Math.min(255, bits[i] * factor + 0.5) | 0];
  if (typeof ImageData !== 'undefined') return new ImageData(out, width, height);
  return { width, height, data: out, colorSpace: 'srgb' };
}
