// SPDX-License-Identifier: BSD-3-Clause
// Model files by their hash: fetched when a picture asks for one, and kept by the browser.

import { FlowzipError } from './errors.js';
import { open } from './files.js';
import { MODELS } from './model-files.js';

const CACHE = 'flowzip-models';

export { MODELS };

// `base`: where HASH.flzm is for models that are not the package's own, or for all of them.
export function modelUrl(hash, base) {
  if (base !== undefined) return new URL(`${hash}.flzm`, base).href;
  return (MODELS.find((model) => model.hash === hash)?.url
    ?? new URL(`./models/${hash}.flzm`, import.meta.url)).href;
}

function hashOf(bytes) {
  return Array.from(bytes.slice(-8).reverse(), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// Not there: insecure pages, node, private windows of some browsers.
async function cache() {
  try {
    return await globalThis.caches?.open(CACHE);
  } catch {
    return undefined;
  }
}

// The bytes of the model; throws FlowzipError 'unknown-model' if it cannot be had.
export async function fetchModel(hash, base) {
  const url = modelUrl(hash, base);
  const kept = await cache();
  const found = await kept?.match(url);
  if (found !== undefined) {
    const bytes = new Uint8Array(await found.arrayBuffer());
    if (hashOf(bytes) === hash) return bytes;
    await kept.delete(url);
  }
  let bytes;
  try {
    bytes = new Uint8Array(await (await open(url)).arrayBuffer());
  } catch (error) {
    throw new FlowzipError('unknown-model', `needs model ${hash}, which was not found (${error.message})`);
  }
  if (hashOf(bytes) !== hash) {
    throw new FlowzipError('unknown-model', `${url} is not model ${hash}`);
  }
  try {
    await kept?.put(url, new Response(bytes, { headers: { 'Content-Type': 'application/octet-stream' } }));
  } catch {
    // No room: fetched again another time.
  }
  return bytes;
}
