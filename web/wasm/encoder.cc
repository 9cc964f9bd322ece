// SPDX-License-Identifier: BSD-3-Clause
// For JavaScript: pictures to .flz files, where their bits went, and pictures that a model makes up;
// and the hash of the golden files.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <new>

#include "analysis/heat_map.h"
#include "web/wasm/shim.h"

namespace flowzip::web {
namespace {

constexpr size_t kColours = 256;

flz_encoder* g_encoder = nullptr;
const uint8_t* g_file = nullptr;
size_t g_file_size = 0;
PixelBits g_bits;

flz_status Keep(flz_status status) {
  if (status != FLZ_OK) {
    const char* said = flz_encoder_message(g_encoder);
    SetMessage(said[0] != '\0' ? said : flz_status_text(status));
  }
  return status;
}

}  // namespace

FLW_EXPORT(flw_encoder_begin)(int effort, int recover_colour)->int {
  flz_encoder_free(g_encoder);
  g_encoder = flz_encoder_new();
  flz_encoder_set_threads(g_encoder, Threads());
  flz_encoder_set_max_memory(g_encoder, kMaxMemory);
  flz_encoder_set_progress(g_encoder, Progress, nullptr);
  flz_encoder_set_recover_colour(g_encoder, recover_colour);
  return Keep(flz_encoder_set_effort(g_encoder, static_cast<flz_effort>(effort)));
}

FLW_EXPORT(flw_encoder_end)()->void {
  flz_encoder_free(g_encoder);
  g_encoder = nullptr;
  g_bits = {};
}

// `type`: four letters.
FLW_EXPORT(flw_add_chunk)(const char* type, const uint8_t* data, size_t size)->int {
  return Keep(flz_encoder_add_chunk(g_encoder, type, data, size));
}

FLW_EXPORT(flw_encode)
(const void* pixels, uint32_t width, uint32_t height, uint32_t channels, uint32_t bit_depth,
 uint32_t flags, uint32_t max_value)
    ->int {
  const flz_image image = {width, height, channels, bit_depth, pixels, 0, flags, max_value};
  return Keep(flz_encoder_encode(g_encoder, &image, &g_file, &g_file_size));
}

// Until flw_encoder_end().
FLW_EXPORT(flw_file)()->const uint8_t* { return g_file; }
FLW_EXPORT(flw_file_size)()->size_t { return g_file_size; }

// Before flw_encode(): width * height floats at flw_heat_bits() take the bits of each pixel.
FLW_EXPORT(flw_heat_begin)(uint32_t width, uint32_t height)->int {
  try {
    g_bits.Reset(width, height);
  } catch (const std::bad_alloc&) {
    SetMessage("out of memory");
    return FLZ_OUT_OF_MEMORY;
  }
  return Keep(flz_encoder_set_pixel_bits(g_encoder, g_bits.bits.data(), g_bits.bits.size()));
}
FLW_EXPORT(flw_heat_bits)()->const float* { return g_bits.bits.data(); }

// A round number of bits that 98 % of the pixels do not exceed.
FLW_EXPORT(flw_heat_max)()->double { return NiceMax(g_bits); }

// The colours of 0 to that number, 256 of three bytes.
FLW_EXPORT(flw_heat_colours)()->const uint8_t* {
  static std::array<uint8_t, 3 * kColours> colours;
  for (size_t i = 0; i < kColours; ++i) {
    const auto colour = HeatColour(static_cast<double>(i) / (kColours - 1));
    std::copy(colour.begin(), colour.end(), colours.begin() + static_cast<ptrdiff_t>(3 * i));
  }
  return colours.data();
}

// Fills `size` bytes with a picture of 8 bits, by the model of flw_encoder_begin().
FLW_EXPORT(flw_sample)
(uint32_t width, uint32_t height, uint32_t channels, uint32_t seed, double temperature,
 void* pixels, size_t size)
    ->int {
  return Keep(flz_encoder_sample(g_encoder, width, height, channels, seed, temperature, pixels,
                                 size, 0));
}

// XXH3-64: the upper half at out[0].
FLW_EXPORT(flw_hash)(const uint8_t* data, size_t size, uint32_t* out)->void {
  const uint64_t hash = XXH3_64bits(data, size);
  out[0] = static_cast<uint32_t>(hash >> 32);
  out[1] = static_cast<uint32_t>(hash);
}

}  // namespace flowzip::web
