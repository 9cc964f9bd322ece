// SPDX-License-Identifier: BSD-3-Clause
// A worker: what the browser's own encoders make of a picture.

// The bytes of a WebP file without the colour profile that browsers add; null if it is a lossy one,
// which they choose by themselves.
async function losslessWebp(blob) {
  const bytes = new DataView(await blob.arrayBuffer());
  let size = bytes.byteLength, lossless = false;
  for (let at = 12; at + 8 <= bytes.byteLength;) {
    const type = String.fromCharCode(...[0, 1, 2, 3].map((i) => bytes.getUint8(at + i)));
    const length = bytes.getUint32(at + 4, true), padded = 8 + length + (length & 1);
    if (type === 'VP8L') lossless = true;
    if (type === 'ICCP') size -= padded;
    at += padded;
  }
  return lossless ? size : null;
}

self.onmessage = async ({ data: bitmap }) => {
  let canvas;
  for (const format of ['png', 'webp']) {
    try {
      if (canvas === undefined) {
        canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
        canvas.getContext('2d').drawImage(bitmap, 0, 0);
        bitmap.close();
      }
      const blob = await canvas.convertToBlob({ type: `image/${format}`, quality: 1 });
      if (blob.type !== `image/${format}`) throw new Error('another format');
      self.postMessage({ format, bytes: format === 'png' ? blob.size : await losslessWebp(blob) });
    } catch {
      self.postMessage({ format, bytes: null });
    }
  }
};
