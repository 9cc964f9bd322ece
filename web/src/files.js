// SPDX-License-Identifier: BSD-3-Clause
// Bytes of the package's own files, in browsers and in node.

import { FlowzipError } from './errors.js';

const isFile = (url) => new URL(url).protocol === 'file:';

// A Response, or one made of a file's bytes; throws FlowzipError 'io'.
export async function open(url) {
  if (isFile(url)) {
    const { readFile } = await import('node:fs/promises');
    try {
      return new Response(await readFile(new URL(url)));
    } catch (error) {
      throw new FlowzipError('io', `${url}: ${error.message}`);
    }
  }
  let response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw new FlowzipError('io', `${url}: ${error.message}`);
  }
  if (!response.ok) throw new FlowzipError('io', `${url}: ${response.status} ${response.statusText}`);
  return response;
}

// A compiled module; by streaming where the server gives the type for it.
export async function compile(url) {
  const response = await open(url);
  if (!isFile(url) && response.headers.get('Content-Type')?.startsWith('application/wasm')) {
    return WebAssembly.compileStreaming(response);
  }
  return WebAssembly.compile(await response.arrayBuffer());
}
