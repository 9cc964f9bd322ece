// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/gemm.h"

#include <cstring>

#if defined(__AMX_BF16__) && defined(__AVX512F__)
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define FLOWZIP_AMX 1
#endif

namespace flowzip {

#if FLOWZIP_AMX
namespace {
struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t bytes[16] = {};
  uint8_t rows[16] = {};
};
}  // namespace

void InitGemm() {
  constexpr int kRequest = 0x1023, kTileData = 18;
  syscall(SYS_arch_prctl, kRequest, kTileData);
  TileConfig config;
  for (int i = 0; i < 8; ++i) {
    config.bytes[i] = 64;
    config.rows[i] = 16;
  }
  asm volatile("" : : "r"(&config) : "memory");  // gcc's intrinsic names 8 bytes of it only
  _tile_loadconfig(&config);
}

void Gemm(const Bf16* a, int lda, const uint32_t* b, int ldb, float* c, int ldc, int m, int n,
          int k, bool add) {
  const size_t sa = size_t(lda) * 2, sb = size_t(ldb) * 4, sc = size_t(ldc) * 4;
  for (int j = 0; j < n; j += 32) {
    const bool wide = j + 16 < n;
    for (int i = 0; i < m; i += 32) {
      const bool tall = i + 16 < m;
      float* c0 = c + size_t(i) * ldc + j;
      float* c1 = c0 + size_t(16) * ldc;
      if (add) {
        _tile_loadd(0, c0, sc);
        if (wide) _tile_loadd(1, c0 + 16, sc);
        if (tall) _tile_loadd(2, c1, sc);
        if (tall && wide) _tile_loadd(3, c1 + 16, sc);
      } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
      }
      const Bf16* a0 = a + size_t(i) * lda;
      const Bf16* a1 = a0 + size_t(16) * lda;
      const uint32_t* b0 = b + j;
      if (wide && tall) {
        for (int p = 0; p < k; p += 32, a0 += 32, a1 += 32, b0 += size_t(16) * ldb) {
          _tile_loadd(4, a0, sa);
          _tile_loadd(6, b0, sb);
          _tile_dpbf16ps(0, 4, 6);
          _tile_loadd(7, b0 + 16, sb);
          _tile_dpbf16ps(1, 4, 7);
          _tile_loadd(5, a1, sa);
          _tile_dpbf16ps(2, 5, 6);
          _tile_dpbf16ps(3, 5, 7);
        }
      } else {
        for (int p = 0; p < k; p += 32, a0 += 32, a1 += 32, b0 += size_t(16) * ldb) {
          _tile_loadd(4, a0, sa);
          _tile_loadd(6, b0, sb);
          _tile_dpbf16ps(0, 4, 6);
          if (wide) {
            _tile_loadd(7, b0 + 16, sb);
            _tile_dpbf16ps(1, 4, 7);
          }
          if (tall) {
            _tile_loadd(5, a1, sa);
            _tile_dpbf16ps(2, 5, 6);
          }
        }
      }
      _tile_stored(0, c0, sc);
      if (wide) _tile_stored(1, c0 + 16, sc);
      if (tall) _tile_stored(2, c1, sc);
      if (tall && wide) _tile_stored(3, c1 + 16, sc);
    }
  }
}

void TransposeWords(const uint32_t* from, int ldf, uint32_t* to, int ldt, int rows, int columns) {
  for (int i = 0; i < rows; i += 16) {
    for (int j = 0; j < columns; j += 16) {
      __m512i r[16], t[16];
      for (int u = 0; u < 16; ++u) r[u] = _mm512_loadu_si512(from + size_t(i + u) * ldf + j);
      for (int u = 0; u < 16; u += 2) {
        t[u] = _mm512_unpacklo_epi32(r[u], r[u + 1]);
        t[u + 1] = _mm512_unpackhi_epi32(r[u], r[u + 1]);
      }
      for (int u = 0; u < 16; u += 4) {
        r[u] = _mm512_unpacklo_epi64(t[u], t[u + 2]);
        r[u + 1] = _mm512_unpackhi_epi64(t[u], t[u + 2]);
        r[u + 2] = _mm512_unpacklo_epi64(t[u + 1], t[u + 3]);
        r[u + 3] = _mm512_unpackhi_epi64(t[u + 1], t[u + 3]);
      }
      for (int u = 0; u < 4; ++u) {
        t[u] = _mm512_shuffle_i32x4(r[u], r[u + 4], 0x88);
        t[u + 4] = _mm512_shuffle_i32x4(r[u], r[u + 4], 0xdd);
        t[u + 8] = _mm512_shuffle_i32x4(r[u + 8], r[u + 12], 0x88);
        t[u + 12] = _mm512_shuffle_i32x4(r[u + 8], r[u + 12], 0xdd);
      }
      for (int u = 0; u < 4; ++u) {
        const __m512i lo0 = _mm512_shuffle_i32x4(t[u], t[u + 8], 0x88);
        const __m512i lo1 = _mm512_shuffle_i32x4(t[u], t[u + 8], 0xdd);
        const __m512i hi0 = _mm512_shuffle_i32x4(t[u + 4], t[u + 12], 0x88);
        const __m512i hi1 = _mm512_shuffle_i32x4(t[u + 4], t[u + 12], 0xdd);
        _mm512_storeu_si512(to + size_t(j + u) * ldt + i, lo0);
        _mm512_storeu_si512(to + size_t(j + u + 8) * ldt + i, lo1);
        _mm512_storeu_si512(to + size_t(j + u + 4) * ldt + i, hi0);
        _mm512_storeu_si512(to + size_t(j + u + 12) * ldt + i, hi1);
      }
    }
  }
}

#else

void InitGemm() {}

namespace {
float Widen(uint32_t bits) {
  float f;
  std::memcpy(&f, &bits, 4);
  return f;
}
}  // namespace

void Gemm(const Bf16* a, int lda, const uint32_t* b, int ldb, float* c, int ldc, int m, int n,
          int k, bool add) {
  for (int i = 0; i < m; ++i) {
    float* row = c + size_t(i) * ldc;
    if (!add) std::memset(row, 0, sizeof(float) * size_t(n));
    for (int p = 0; p < k; p += 2) {
      const float a0 = Widen(uint32_t(a[size_t(i) * lda + p]) << 16);
      const float a1 = Widen(uint32_t(a[size_t(i) * lda + p + 1]) << 16);
      const uint32_t* words = b + size_t(p / 2) * ldb;
      for (int j = 0; j < n; ++j) {
        row[j] += a0 * Widen(words[j] << 16) + a1 * Widen(words[j] & 0xFFFF0000u);
      }
    }
  }
}

void TransposeWords(const uint32_t* from, int ldf, uint32_t* to, int ldt, int rows, int columns) {
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) to[size_t(j) * ldt + i] = from[size_t(i) * ldf + j];
  }
}

#endif

}  // namespace flowzip
