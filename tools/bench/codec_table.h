// SPDX-License-Identifier: BSD-3-Clause
// What is compared: flowzip with each of its models, and its rivals.
//
// Every codec is run as a program, so that what people wait for is measured; those that
// are libraries here are also called in this process. A program is a command template:
// words separated by spaces, in which these are replaced:
//   {in}        the file to read; for encoders a PNG file without metadata
//   {out.EXT}   the file to write, of that extension; EXT pnm becomes ppm or pgm, or png
//               for pictures that PNM cannot hold. {out} alone takes any extension.
//   {jobs}      threads        {self}  this program      {model}  Codec::model_file
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "codec/options/coding.h"
#include "codec/picture/image.h"
#include "codec/tiles/tile_modes.h"
#include "model/model.h"
#include "tools/bench/launcher.h"

namespace flowzip::bench {

using EncodeFn = std::function<std::vector<uint8_t>(const Image&)>;
using DecodeFn = std::function<Image(ByteSpan)>;

struct Codec {
  std::string name;                            // "jxl-e7", as options and tables call it
  std::string family;                          // "JPEG XL", one colour in the charts
  std::string version;                         // "cjxl v0.7.0", "libpng 1.6.39"
  std::string options;                         // exactly what is done, for the reader
  std::string encode_command, decode_command;  // no encoder: the PNG file as shipped
  bool shell = false;                          // the commands are for `sh -c`
  int threads = 1;                             // 0: not known
  bool slow = false;                           // runs only if asked for by name
  int max_bit_depth = 16;
  bool takes_alpha = true;

  // Empty for programs.
  EncodeFn encode;
  DecodeFn decode;

  // flowzip only.
  std::shared_ptr<const Model> model;
  Coding coding = Coding::kSmallest;
  std::string model_file;
  bool is_flowzip() const { return model != nullptr; }
  bool is_shipped_file() const { return encode_command.empty(); }

  std::string missing;  // why it cannot run; empty if it can
};

struct CodecOptions {
  int jobs = 1;
  bool recover_colour = true;  // of flowzip; if not, its names end in "-rgb"
  std::string model_path, simd;
  std::vector<std::string> external;  // NAME=ENCODE::DECODE
};

// All there are, those that cannot run here included. flowzip's come first. Throws
// kInvalidArgument for an external codec that is not of the form above.
std::vector<Codec> AllCodecs(const CodecOptions& options, Launcher& launcher);

// The libraries that this program was built with or could have been. By name, as programs
// of their own: `flowzip bench --worker NAME:encode IN OUT` (or NAME:decode).
std::vector<Codec> LibraryCodecs();
// One of them, but for its functions; and those of CharLS.
Codec LibraryCodec(std::string name, std::string family, std::string version, std::string options);
Codec MissingLibrary(const std::string& name, const std::string& family, const std::string& why);
void AddJpegLs(std::vector<Codec>& codecs);
void RunWorker(const std::string& task, const std::string& in, const std::string& out);

// `words` of the template with its replacements; one word for the shell.
struct Replacements {
  std::string in, out, model;  // `out` without extension
  int jobs = 1;
  bool color = true, alpha = false;
};
struct Command {
  std::vector<std::string> argv;
  std::string out;  // with extension
};
Command Expand(const std::string& pattern, bool shell, const Replacements& with);

}  // namespace flowzip::bench
