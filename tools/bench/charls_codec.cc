// SPDX-License-Identifier: BSD-3-Clause
// JPEG-LS by CharLS, which is loaded when a bench asks for it: linked, the tables that it makes
// when loaded would cost every start of flowzip a millisecond and a half.
#ifdef FLOWZIP_HAVE_CHARLS
#include <charls/charls.h>
#include <dlfcn.h>
#endif

#include <memory>
#include <string>

#include "tools/bench/codec_table.h"

namespace flowzip::bench {

#ifdef FLOWZIP_HAVE_CHARLS
namespace {

struct CharLs {
  template <class Fn>
  static Fn Find(const char* name) {
    static void* const library = dlopen("libcharls.so." FLOWZIP_CHARLS_MAJOR, RTLD_NOW);
    void* const found = library != nullptr ? dlsym(library, name) : nullptr;
    Require(found != nullptr, ErrorCode::kUnsupported, "libcharls is not installed");
    return reinterpret_cast<Fn>(found);
  }
#define FLOWZIP_FROM_CHARLS(name, function) \
  decltype(&::charls_##function) name = Find<decltype(&::charls_##function)>("charls_" #function)
  FLOWZIP_FROM_CHARLS(version, get_version_string);
  FLOWZIP_FROM_CHARLS(new_encoder, jpegls_encoder_create);
  FLOWZIP_FROM_CHARLS(free_encoder, jpegls_encoder_destroy);
  FLOWZIP_FROM_CHARLS(set_frame, jpegls_encoder_set_frame_info);
  FLOWZIP_FROM_CHARLS(set_interleave, jpegls_encoder_set_interleave_mode);
  FLOWZIP_FROM_CHARLS(set_transform, jpegls_encoder_set_color_transformation);
  FLOWZIP_FROM_CHARLS(estimate, jpegls_encoder_get_estimated_destination_size);
  FLOWZIP_FROM_CHARLS(set_destination, jpegls_encoder_set_destination_buffer);
  FLOWZIP_FROM_CHARLS(encode, jpegls_encoder_encode_from_buffer);
  FLOWZIP_FROM_CHARLS(written, jpegls_encoder_get_bytes_written);
  FLOWZIP_FROM_CHARLS(new_decoder, jpegls_decoder_create);
  FLOWZIP_FROM_CHARLS(free_decoder, jpegls_decoder_destroy);
  FLOWZIP_FROM_CHARLS(set_source, jpegls_decoder_set_source_buffer);
  FLOWZIP_FROM_CHARLS(read_header, jpegls_decoder_read_header);
  FLOWZIP_FROM_CHARLS(frame, jpegls_decoder_get_frame_info);
  FLOWZIP_FROM_CHARLS(decoded_size, jpegls_decoder_get_destination_size);
  FLOWZIP_FROM_CHARLS(decode, jpegls_decoder_decode_to_buffer);
#undef FLOWZIP_FROM_CHARLS

  static const CharLs& Get() {
    static const CharLs charls;
    return charls;
  }
};

void Check(charls_jpegls_errc error) {
  Require(error == charls::jpegls_errc::success, ErrorCode::kInvalidArgument, "CharLS fails");
}

std::vector<uint8_t> EncodeJpegLs(const Image& image, bool transform) {
  const CharLs& charls = CharLs::Get();
  const std::unique_ptr<charls_jpegls_encoder, decltype(charls.free_encoder)> encoder(
      charls.new_encoder(), charls.free_encoder);
  const charls_frame_info frame{image.width, image.height, image.bit_depth, image.channels};
  Check(charls.set_frame(encoder.get(), &frame));
  if (image.channels > 1) {
    Check(charls.set_interleave(encoder.get(), charls::interleave_mode::line));
    if (transform) Check(charls.set_transform(encoder.get(), charls::color_transformation::hp1));
  }
  size_t size = 0;
  Check(charls.estimate(encoder.get(), &size));
  std::vector<uint8_t> file(size);
  Check(charls.set_destination(encoder.get(), file.data(), file.size()));
  Check(charls.encode(encoder.get(), image.samples.data(), image.samples.size(), 0));
  Check(charls.written(encoder.get(), &size));
  file.resize(size);
  return file;
}

Image DecodeJpegLs(ByteSpan file) {
  const CharLs& charls = CharLs::Get();
  const std::unique_ptr<charls_jpegls_decoder, decltype(charls.free_decoder)> decoder(
      charls.new_decoder(), charls.free_decoder);
  Check(charls.set_source(decoder.get(), file.data(), file.size()));
  Check(charls.read_header(decoder.get()));
  charls_frame_info frame{};
  Check(charls.frame(decoder.get(), &frame));
  Image image;
  image.width = frame.width;
  image.height = frame.height;
  image.channels = frame.component_count;
  image.bit_depth = frame.bits_per_sample;
  size_t size = 0;
  Check(charls.decoded_size(decoder.get(), 0, &size));
  image.samples.resize(size);
  Check(charls.decode(decoder.get(), image.samples.data(), image.samples.size(), 0));
  return image;
}

}  // namespace

void AddJpegLs(std::vector<Codec>& codecs) {
  std::string version, missing;
  try {
    version = std::string("CharLS ") + CharLs::Get().version();
  } catch (const Error& error) {
    missing = error.what();
  }
  for (const bool transform : {false, true}) {
    Codec codec = LibraryCodec(transform ? "jpegls-hp1" : "jpegls", "JPEG-LS", version,
                               transform ? "interleaved by line, colour transform HP1"
                                         : "interleaved by line, no colour transform");
    codec.missing = missing;
    codec.takes_alpha = false;
    codec.encode = [transform](const Image& image) { return EncodeJpegLs(image, transform); };
    codec.decode = DecodeJpegLs;
    codecs.push_back(codec);
  }
}
#else
void AddJpegLs(std::vector<Codec>& codecs) {
  codecs.push_back(
      MissingLibrary("jpegls", "JPEG-LS", "flowzip was built without CharLS (libcharls-dev)"));
}
#endif

}  // namespace flowzip::bench
