// SPDX-License-Identifier: BSD-3-Clause
// The C interface (include/flowzip/flowzip.h) for the commands: handles that free themselves,
// errors that are thrown.
//
// Commands go through it wherever it can say what they need. These include more of the library
// than pictures, limits and names of instruction sets, because it cannot, and scripts/include-graph.py
// checks that no others do:
//
//   cmd_encode.cc    checks what it wrote tile by tile: the shape of a thin picture's tiles
//   cmd_decode.cc    --recover: which tiles were lost; --fit: pictures averaged
//   cmd_info.cc      what the bytes and bits of a file were spent on
//   cmd_score.cc     likelihoods by channel, heat maps, what stands out
//   cmd_sample.cc    pictures completed, and how many bits were drawn
//   cli_common.h     the model of --model or --effort for the last three
//   cli_common.cc
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "codec/picture/image.h"
#include "codec/picture/row_source.h"
#include "flowzip/flowzip.h"
#include "tools/cli_common.h"

namespace flowzip {

struct FreeHandle {
  void operator()(flz_encoder* encoder) const { flz_encoder_free(encoder); }
  void operator()(flz_decoder* decoder) const { flz_decoder_free(decoder); }
};
using EncoderHandle = std::unique_ptr<flz_encoder, FreeHandle>;
using DecoderHandle = std::unique_ptr<flz_decoder, FreeHandle>;

// With the threads, model or effort, and limits of the command line. Throws Error.
EncoderHandle NewEncoder(const CommonOptions& options);
DecoderHandle NewDecoder(const CommonOptions& options);

// Throw an Error of the status's code and the handle's sentence unless it is FLZ_OK.
void Check(flz_status status, const EncoderHandle& encoder);
void Check(flz_status status, const DecoderHandle& decoder);

// The picture as the C interface takes it; the samples stay the image's, and its chunks become
// those of the encoder.
flz_image ToPicture(const Image& image);
void SetChunks(const Image& image, const EncoderHandle& encoder);

// Opens a file that must stay where it is.
flz_info OpenFile(const DecoderHandle& decoder, ByteSpan file);
// Kind, size and chunks of the picture that is open, or of the part and scale that are set: all but
// its samples.
Image HeaderOpen(const DecoderHandle& decoder, const flz_info& info);
// Decodes it. Above options.max_memory, what the caller `holds` included, nothing is allocated.
Image DecodeOpen(const DecoderHandle& decoder, const flz_info& info, uint64_t holds,
                 const CommonOptions& options);

// The chunks of the open file.
std::vector<Chunk> ChunksOf(const DecoderHandle& decoder);

// Shows a progress line while it lives.
class HandleProgress {
 public:
  HandleProgress(const std::string& verb, const EncoderHandle& encoder, bool quiet);
  HandleProgress(const std::string& verb, const DecoderHandle& decoder, bool quiet);
  ~HandleProgress();
  HandleProgress(const HandleProgress&) = delete;
  HandleProgress& operator=(const HandleProgress&) = delete;

 private:
  static int Call(void* self, uint64_t done, uint64_t total);

  Progress progress_;
  std::function<void(uint64_t, uint64_t)> show_;
  flz_encoder* encoder_ = nullptr;
  flz_decoder* decoder_ = nullptr;
};

// Has the encoder's rows read by `read` while it lives.
class HandleRows {
 public:
  HandleRows(const EncoderHandle& encoder, RowsFn read);
  ~HandleRows();
  HandleRows(const HandleRows&) = delete;
  HandleRows& operator=(const HandleRows&) = delete;

  // Throws what reading threw, else as flowzip::Check.
  void Check(flz_status status) const;

 private:
  static int Call(void* self, uint32_t rows);

  const EncoderHandle& encoder_;
  RowsFn read_;
  std::exception_ptr error_;
};

}  // namespace flowzip
