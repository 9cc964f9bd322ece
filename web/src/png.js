// SPDX-License-Identifier: BSD-3-Clause
// PNG files to samples and back, exactly: every kind, 16 bits, palettes, interlaced ones, and their
// chunks. Canvases can do none of these without a loss. The same pixels and chunks as the command's.

import { FlowzipError, invalid } from './errors.js';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }, TYPES = [0, 0, 4, 2, 6];
const DEPTHS = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };
// Of Adam7: first column and row, steps.
const PASSES = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];
const MAX_PIXELS = 2 ** 28;

const corrupt = (why) => new FlowzipError('corrupt', `PNG file is damaged (${why})`);
const cut = () => new FlowzipError('truncated', 'PNG file is cut short');

// Four tables: four bytes a step.
const CRC = (() => {
  const tables = [0, 1, 2, 3].map(() => new Uint32Array(256));
  for (let i = 0; i < 256; ++i) {
    let crc = i;
    for (let bit = 0; bit < 8; ++bit) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    tables[0][i] = crc;
  }
  for (let t = 1; t < 4; ++t) {
    for (let i = 0; i < 256; ++i) {
      const before = tables[t - 1][i];
      tables[t][i] = (before >>> 8) ^ tables[0][before & 255];
    }
  }
  return tables;
})();

function crc32(bytes, crc = 0) {
  const [t0, t1, t2, t3] = CRC;
  let sum = ~crc, i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    sum ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    sum = t3[sum & 255] ^ t2[(sum >>> 8) & 255] ^ t1[(sum >>> 16) & 255] ^ t0[sum >>> 24];
  }
  for (; i < bytes.length; ++i) sum = (sum >>> 8) ^ t0[(sum ^ bytes[i]) & 255];
  return ~sum >>> 0;
}

function adler32(bytes) {
  let a = 1, b = 0;
  for (let i = 0; i < bytes.length;) {
    const end = Math.min(i + 3800, bytes.length);
    for (; i < end; ++i) {
      a += bytes[i];
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}

export const isPng = (bytes) => SIGNATURE.every((byte, i) => bytes[i] === byte);

// The header, the chunks but IHDR, IDAT and IEND, and the pieces of IDAT. An empty chunk IDAT
// stands for the samples' place, unless that is last.
function split(file) {
  if (file.length === 0) throw new FlowzipError('truncated', 'file is empty');
  if (!isPng(file)) throw new FlowzipError('corrupt', 'not a PNG file');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const chunks = [], pieces = [];
  let header = null, at = SIGNATURE.length, inSamples = false;
  for (;;) {
    if (file.length - at < 12) throw cut();
    const length = view.getUint32(at), type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) throw corrupt('no chunk where one must be');
    if (length > file.length - at - 12) throw cut();
    const data = file.subarray(at + 8, at + 8 + length);
    if (crc32(file.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)) {
      throw corrupt(`checksum of chunk ${type}`);
    }
    at += 12 + length;
    if ((header === null) !== (type === 'IHDR')) throw corrupt('IHDR is not the first chunk');
    if (type === 'IHDR') {
      header = readHeader(data);
    } else if (type === 'IEND') {
      break;
    } else if (type === 'IDAT') {
      if (pieces.length > 0 && !inSamples) throw corrupt('IDAT chunks are not together');
      if (pieces.length === 0) chunks.push({ type, data: new Uint8Array() });
      pieces.push(data);
    } else {
      if (type === 'PLTE' && (length === 0 || length > 768 || length % 3 !== 0)) throw corrupt('PLTE has a wrong length');
      if (type !== 'PLTE' && type < 'a') throw new FlowzipError('unsupported', `PNG file needs the unknown chunk ${type}`);
      chunks.push({ type, data: data.slice() });
    }
    inSamples = type === 'IDAT';
  }
  if (pieces.length === 0) throw corrupt('no IDAT chunk');
  if (chunks.at(-1).type === 'IDAT') chunks.pop();
  if (header.indexed && !chunks.some((chunk) => chunk.type === 'PLTE')) throw corrupt('no PLTE chunk');
  return { header, chunks, pieces };
}

function readHeader(data) {
  if (data.length !== 13) throw corrupt('IHDR has a wrong length');
  const view = new DataView(data.buffer, data.byteOffset, 13);
  const width = view.getUint32(0), height = view.getUint32(4), bitDepth = data[8], type = data[9];
  if (width === 0 || height === 0 || width > 0x7fffffff || height > 0x7fffffff) throw corrupt('impossible image size');
  if (!DEPTHS[type]?.includes(bitDepth)) throw corrupt(`impossible colour type ${type} with ${bitDepth} bits`);
  if (data[10] !== 0 || data[11] !== 0 || data[12] > 1) throw corrupt('unknown method in IHDR');
  if (width * height > MAX_PIXELS) {
    throw new FlowzipError('limit', `${width} x ${height} pixels exceed the limit of ${MAX_PIXELS} pixels`);
  }
  return { width, height, bitDepth, channels: CHANNELS[type], indexed: type === 3, interlaced: data[12] === 1 };
}

// The rows of each pass, one after another: [first column, first row, steps, width, height].
function passesOf({ width, height, interlaced }) {
  const passes = interlaced ? PASSES : [[0, 0, 1, 1]];
  return passes.map(([x, y, dx, dy]) => ({
    x, y, dx, dy, width: Math.ceil((width - x) / dx), height: Math.ceil((height - y) / dy),
  })).filter((pass) => pass.width > 0 && pass.height > 0);
}

const rowBytes = (width, { channels, bitDepth }) => Math.ceil(width * channels * bitDepth / 8);

async function inflate(pieces, size) {
  const out = new Uint8Array(size);
  const stream = new Blob(pieces).stream().pipeThrough(new DecompressionStream('deflate'));
  const reader = stream.getReader();
  let at = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > size) {  // surplus is ignored, as libpng does
        out.set(value.subarray(0, size - at), at);
        at = size;
        await reader.cancel();
        break;
      }
      out.set(value, at);
      at += value.length;
    }
  } catch {
    throw corrupt('its compressed data');
  }
  if (at < size) throw cut();
  return out;
}

// Undoes the filters of a pass in place. `rows` has a byte for the filter before each row.
function unfilter(rows, stride, height, step) {
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; ++y) {
    const start = y * (stride + 1), row = rows.subarray(start + 1, start + 1 + stride);
    switch (rows[start]) {
      case 0:
        break;
      case 1:
        for (let i = step; i < stride; ++i) row[i] += row[i - step];
        break;
      case 2:
        for (let i = 0; i < stride; ++i) row[i] += above[i];
        break;
      case 3:
        for (let i = 0; i < step; ++i) row[i] += above[i] >> 1;
        for (let i = step; i < stride; ++i) row[i] += (row[i - step] + above[i]) >> 1;
        break;
      case 4:
        for (let i = 0; i < step; ++i) row[i] += above[i];
        for (let i = step; i < stride; ++i) row[i] += paeth(row[i - step], above[i], above[i - step]);
        break;
      default:
        throw corrupt('unknown filter');
    }
    above = row;
  }
}

function paeth(a, b, c) {
  const pa = Math.abs(b - c), pb = Math.abs(a - c), pc = Math.abs(a + b - c - c);
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

// Samples of a packed row, into `out` at `o`, every `step` samples' pixel.
function unpack(row, pass, header, out, y) {
  const { channels, bitDepth, width } = header;
  let o = ((pass.y + y * pass.dy) * width + pass.x) * channels;
  const skip = (pass.dx - 1) * channels;
  if (bitDepth === 8 && skip === 0) {
    out.set(row, o);
    return;
  }
  const mask = 2 ** bitDepth - 1;
  for (let x = 0, i = 0; x < pass.width; ++x, o += skip) {
    for (let c = 0; c < channels; ++c, ++i, ++o) {
      if (bitDepth === 16) out[o] = (row[2 * i] << 8) | row[2 * i + 1];
      else if (bitDepth === 8) out[o] = row[i];
      else out[o] = (row[(i * bitDepth) >> 3] >> (8 - bitDepth - ((i * bitDepth) & 7))) & mask;
    }
  }
}

export async function readPng(bytes) {
  const file = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
  const { header, chunks, pieces } = split(file);
  const { width, height, channels, bitDepth } = header;
  const passes = passesOf(header);
  const size = passes.reduce((sum, pass) => sum + (rowBytes(pass.width, header) + 1) * pass.height, 0);
  // Deflate expands at most 1032 times: a short file cannot ask for gigabytes.
  if (size / 1032 > file.length) throw cut();
  const packed = await inflate(pieces, size);
  const data = bitDepth > 8 ? new Uint16Array(width * height * channels) : new Uint8Array(width * height * channels);
  const step = Math.max(1, (channels * bitDepth) >> 3);
  let at = 0;
  for (const pass of passes) {
    const stride = rowBytes(pass.width, header), bytesOfPass = (stride + 1) * pass.height;
    const rows = packed.subarray(at, at + bytesOfPass);
    unfilter(rows, stride, pass.height, step);
    for (let y = 0; y < pass.height; ++y) {
      unpack(rows.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)), pass, header, data, y);
    }
    at += bytesOfPass;
  }
  return { ...header, maxValue: 2 ** bitDepth - 1, data, chunks };
}

function packRow(samples, pass, y, row) {
  const { data, channels, bitDepth, width } = samples;
  let i = ((pass.y + y * pass.dy) * width + pass.x) * channels;
  const count = pass.width * channels, skip = (pass.dx - 1) * channels;
  if (bitDepth === 8 && skip === 0) {
    row.set(data.subarray(i, i + count));
    return;
  }
  if (bitDepth < 8) row.fill(0);
  for (let n = 0; n < count; ++n, ++i) {
    if (bitDepth === 16) {
      row[2 * n] = data[i] >> 8;
      row[2 * n + 1] = data[i] & 255;
    } else if (bitDepth === 8) {
      row[n] = data[i];
    } else {
      row[(n * bitDepth) >> 3] |= data[i] << (8 - bitDepth - ((n * bitDepth) & 7));
    }
    if ((n + 1) % channels === 0) i += skip;
  }
}

// Filtered rows of all passes, each with a byte before it; Paeth where it pays (8 bits and more).
function filtered(samples, filter) {
  const step = Math.max(1, (samples.channels * samples.bitDepth) >> 3);
  const passes = passesOf(samples);
  const out = new Uint8Array(passes.reduce((sum, pass) => sum + (rowBytes(pass.width, samples) + 1) * pass.height, 0));
  let at = 0;
  for (const pass of passes) {
    const stride = rowBytes(pass.width, samples);
    let row = new Uint8Array(stride), above = new Uint8Array(stride);
    for (let y = 0; y < pass.height; ++y) {
      packRow(samples, pass, y, row);
      out[at] = filter;
      const line = out.subarray(at + 1, at + 1 + stride);
      if (filter === 0) {
        line.set(row);
      } else {
        for (let i = 0; i < step && i < stride; ++i) line[i] = row[i] - above[i];
        for (let i = step; i < stride; ++i) line[i] = row[i] - paeth(row[i - step], above[i], above[i - step]);
      }
      [row, above] = [above, row];
      at += stride + 1;
    }
  }
  return out;
}

async function deflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// zlib's blocks without compression: as fast as memory.
function stored(bytes) {
  const blocks = Math.max(1, Math.ceil(bytes.length / 65535));
  const out = new Uint8Array(bytes.length + 5 * blocks + 6), view = new DataView(out.buffer);
  out.set([0x78, 0x01]);
  let at = 2;
  for (let b = 0; b < blocks; ++b) {
    const piece = bytes.subarray(65535 * b, 65535 * (b + 1));
    out[at] = b === blocks - 1 ? 1 : 0;
    view.setUint16(at + 1, piece.length, true);
    view.setUint16(at + 3, ~piece.length & 0xffff, true);
    out.set(piece, at + 5);
    at += 5 + piece.length;
  }
  view.setUint32(at, adler32(bytes));
  return out;
}

function chunkBytes(type, data) {
  const head = new Uint8Array(8), tail = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, data.length);
  head.set(new TextEncoder().encode(type), 4);
  new DataView(tail.buffer).setUint32(0, crc32(data, crc32(head.subarray(4))));
  return [head, data, tail];
}

// A PNG file of the samples, in a Blob. `compress: false` is fast and large: for what stays here.
export async function writePng(samples, { compress = true } = {}) {
  const { width, height, channels, bitDepth } = samples;
  const type = samples.indexed ? 3 : TYPES[channels];
  const full = !samples.maxValue || samples.maxValue === 2 ** bitDepth - 1;
  if (!full || !DEPTHS[type].includes(bitDepth)) {
    throw invalid(`no PNG file has samples from 0 to ${samples.maxValue || 2 ** bitDepth - 1} in such a picture`);
  }
  const rows = filtered(samples, compress && !samples.indexed && bitDepth >= 8 ? 4 : 0);
  const idat = compress ? await deflate(rows) : stored(rows);
  const header = new Uint8Array(13), view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([bitDepth, type, 0, 0, samples.interlaced ? 1 : 0], 8);
  const parts = [SIGNATURE, ...chunkBytes('IHDR', header)];
  // Two marks (docs/FORMAT.md 2.3): how a PNM file began, and what followed the end.
  const chunks = (samples.chunks ?? []).filter(({ type }) => type !== 'IHDR' && type !== 'IEND');
  const tail = (samples.chunks ?? []).find(({ type }) => type === 'IEND');
  let place = chunks.findIndex((chunk) => chunk.type === 'IDAT');
  if (place < 0) place = chunks.length;
  for (const chunk of chunks.slice(0, place)) parts.push(...chunkBytes(chunk.type, chunk.data));
  parts.push(...chunkBytes('IDAT', idat));
  for (const chunk of chunks.slice(place + 1)) parts.push(...chunkBytes(chunk.type, chunk.data));
  parts.push(...chunkBytes('IEND', new Uint8Array()));
  if (tail) parts.push(tail.data);
  return new Blob(parts, { type: 'image/png' });
}
