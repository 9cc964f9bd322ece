// SPDX-License-Identifier: BSD-3-Clause
// Compiled by package.test.mjs, never run: the package as a TypeScript user sees it.
import { decode, encode, FlowzipError, heatmap, init, sample } from 'flowzip';
import { decode as small, info, preview } from 'flowzip/decode';
import { FlzImg } from 'flowzip/element';
import { readPng, writePng } from 'flowzip/png';
import { FlowzipWorker } from 'flowzip/worker';

await init({ threads: 2 });
const file: Uint8Array = await encode(new ImageData(2, 2), { effort: 'best', onProgress: (done, total) => done / total });
const image = await decode(file, { region: { x: 0, y: 0, width: 1, height: 1 }, scale: 0.5 });
const width: number = (await info(file)).width + image.width + (await small(file)).height;
const map = await heatmap(await readPng(file));
const worker = new FlowzipWorker({ only: 'decode' });
const bitmap: ImageBitmap = (await worker.heatmap(image, { draw: true })).bitmap;
const png: Blob = await writePng(await worker.decodeSamples(file, { signal: AbortSignal.timeout(1) }));
const thumbnail: ImageData | { data: unknown } | null = (await info(file)).preview && await preview(file);
const element: FlzImg = document.createElement('flz-img');
element.loading = 'lazy';
try {
  await sample({ seed: 1 });
} catch (error) {
  if (error instanceof FlowzipError && error.code === 'cancelled') console.log(width, map.max, bitmap, png, thumbnail);
}
// @ts-expect-error: no such effort
await encode(image, { effort: 'most' });
// @ts-expect-error: no such scale
await decode(file, { scale: 0.3 });
