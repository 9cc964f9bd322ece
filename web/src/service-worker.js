// SPDX-License-Identifier: BSD-3-Clause
// A service worker that lets <img src="photo.flz">, CSS backgrounds and the like work: it answers
// such requests with the decoded picture as PNG. Registered with { type: 'module' }.
//
// Only what the page asks for as an image is changed: fetch() of a .flz file gets the file.

import { decodeSamples } from './decode.js';
import { writePng } from './png.js';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || request.destination !== 'image') return;
  if (!new URL(request.url).pathname.endsWith('.flz')) return;
  event.respondWith(decoded(request));
});

async function decoded(request) {
  // As CORS says: a picture of another site, which may not be read, is left as it is.
  const response = await fetch(request);
  if (!response.ok || response.type === 'opaque') return response;
  const file = new Uint8Array(await response.clone().arrayBuffer());
  try {
    const png = await writePng(await decodeSamples(file), { compress: false });
    return new Response(png, { headers: { 'Content-Type': 'image/png' } });
  } catch (error) {
    console.error(`${request.url}: ${error.message}`);
    return response;
  }
}
