// SPDX-License-Identifier: BSD-3-Clause
#include "tools/bench/codec_table.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "codec/api/codec.h"
#include "model/embedded.h"
#include "tools/read_file.h"

namespace flowzip::bench {
namespace {

// By one of the efforts, or by a model file, which the decoder needs too.
Codec Flowzip(const std::string& name, std::shared_ptr<const Model> model,
              const std::string& effort, const std::string& model_file,
              const CodecOptions& options) {
  const std::string common =
      " --quiet -j {jobs}" + (options.simd.empty() ? "" : " --simd " + options.simd);
  const std::string with_file = model_file.empty() ? "" : " --model {model}";
  const std::string with_effort = effort.empty() ? "" : " --effort " + effort;
  const std::string as_rgb = options.recover_colour ? "" : " --no-recover-colour";
  Codec codec;
  codec.name = name + (options.recover_colour ? "" : "-rgb");
  codec.family = "flowzip";
  codec.coding = effort == "best"   ? Coding::kThorough
                 : effort == "fast" ? Coding::kFast
                                    : Coding::kSmallest;
  codec.version = "flowzip " FLOWZIP_VERSION ", " +
                  (TakesModel(codec.coding) ? "model " + HashName(model->hash()) : "no model");
  codec.model_file = model_file;
  codec.encode_command = "{self} encode --no-verify" + as_rgb + common + with_effort + with_file +
                         " {in} -o {out.flz}";
  codec.decode_command = "{self} decode" + common + with_file + " {in} -o {out.png}";
  codec.options =
      "flowzip encode --no-verify" + as_rgb + with_effort + " -j " + std::to_string(options.jobs);
  if (!model_file.empty()) {
    codec.options += " --model " + std::filesystem::path(model_file).filename().string();
  }
  codec.threads = options.jobs;
  codec.model = std::move(model);
  const int jobs = options.jobs;
  const Model* raw = codec.model.get();
  codec.encode = [raw, jobs, coding = codec.coding,
                  recover = options.recover_colour](const Image& image) {
    EncodeOptions encode;
    encode.coding = coding;
    encode.recover_colour = recover;
    encode.preview = true;
    encode.model = raw;
    encode.jobs = jobs;
    return Encode(image, encode);
  };
  codec.decode = [raw, jobs](ByteSpan file) {
    DecodeOptions decode;
    decode.model_override = raw;
    decode.jobs = jobs;
    return Decode(file, decode);
  };
  return codec;
}

// The efforts, and the model of a file.
void AddFlowzip(const CodecOptions& options, std::vector<Codec>& codecs) {
  for (const std::string effort : {"fast", "standard", "best"}) {
    std::shared_ptr<const Model> model;
    if (const EmbeddedModel* embedded = EmbeddedForEffort(effort); embedded != nullptr) {
      model = std::make_shared<const Model>(Model::Parse(embedded->bytes));
    }
    if (model == nullptr && effort != "fast") continue;
    codecs.push_back(Flowzip("flowzip-" + effort, std::move(model), effort, "", options));
  }
  if (!options.model_path.empty()) {
    auto model = std::make_shared<const Model>(Model::Parse(ReadFile(options.model_path)));
    const std::string name = std::filesystem::path(options.model_path).stem().string();
    codecs.push_back(
        Flowzip("flowzip-file-" + name, std::move(model), "", options.model_path, options));
  }
}

// What follows `marker` in what a command prints about itself.
std::string VersionOf(Launcher& launcher, const std::vector<std::string>& argv,
                      const std::string& marker, const std::string& prefix) {
  const std::string path = launcher.directory() + "/version";
  launcher.Run(argv, path);
  for (const std::string& output : {path, launcher.stderr_file()}) {
    std::ifstream file(output);
    for (std::string line; std::getline(file, line);) {
      const size_t at = line.find(marker);
      if (at == std::string::npos) continue;
      const std::string rest = line.substr(at + marker.size());
      std::string number = rest.substr(0, rest.find_first_not_of("0123456789."));
      while (!number.empty() && number.back() == '.') number.pop_back();
      if (!number.empty()) return prefix + number;
    }
  }
  return prefix + "(unknown version)";
}

struct Program {
  const char *name, *family, *encode, *decode;
  bool slow;
  int max_bit_depth;
  bool takes_alpha;
};

// With one thread: cjxl's 0 is "none but the main one", while djxl's 0 means as many as
// the machine has and 1 is one worker. Both then compute on one core.
constexpr Program kPrograms[] = {
    {"jxl-e1", "JPEG XL", "cjxl {in} {out.jxl} -d 0 -e 1 --num_threads={workers} --quiet",
     "djxl {in} {out.pnm} --num_threads={jobs} --quiet", false, 16, true},
    {"jxl-e3", "JPEG XL", "cjxl {in} {out.jxl} -d 0 -e 3 --num_threads={workers} --quiet",
     "djxl {in} {out.pnm} --num_threads={jobs} --quiet", false, 16, true},
    {"jxl-e7", "JPEG XL", "cjxl {in} {out.jxl} -d 0 -e 7 --num_threads={workers} --quiet",
     "djxl {in} {out.pnm} --num_threads={jobs} --quiet", false, 16, true},
    {"jxl-e9", "JPEG XL", "cjxl {in} {out.jxl} -d 0 -e 9 --num_threads={workers} --quiet",
     "djxl {in} {out.pnm} --num_threads={jobs} --quiet", true, 16, true},
    {"webp-z6", "WebP", "cwebp -quiet -lossless -z 6 {mt} {in} -o {out.webp}",
     "dwebp -quiet {mt} -ppm {in} -o {out.ppm}", false, 8, false},
    {"webp-z9", "WebP", "cwebp -quiet -lossless -z 9 {mt} {in} -o {out.webp}",
     "dwebp -quiet {mt} -ppm {in} -o {out.ppm}", true, 8, false},
    {"jpeg2000", "JPEG 2000", "opj_compress -threads {jobs} -i {in} -o {out.jp2}",
     "opj_decompress -quiet -threads {jobs} -i {in} -o {out.pnm}", false, 16, true},
};

std::string Substituted(std::string text, const std::string& name, const std::string& value) {
  for (size_t at; (at = text.find(name)) != std::string::npos;) {
    text.replace(at, name.size() + (value.empty() ? 1 : 0), value);  // with its space
  }
  return text;
}

void AddPrograms(const CodecOptions& options, Launcher& launcher, std::vector<Codec>& codecs) {
  const std::string workers = std::to_string(options.jobs == 1 ? 0 : options.jobs);
  const std::string mt = options.jobs == 1 ? "" : "-mt";
  for (const Program& program : kPrograms) {
    Codec codec;
    codec.name = program.name;
    codec.family = program.family;
    codec.slow = program.slow;
    codec.max_bit_depth = program.max_bit_depth;
    codec.takes_alpha = program.takes_alpha;
    const bool webp = codec.family == "WebP";
    codec.threads = webp ? std::min(options.jobs, 2) : options.jobs;
    for (const auto& [from, to] : {std::pair(program.encode, &codec.encode_command),
                                   std::pair(program.decode, &codec.decode_command)}) {
      *to = Substituted(Substituted(from, "{workers}", workers), "{mt}", mt);
      const std::string command = to->substr(0, to->find(' '));
      if (FindCommand(command).empty() && codec.missing.empty()) {
        codec.missing = "no command " + command + " in PATH";
      }
    }
    codec.options = Substituted(codec.encode_command, "{jobs}", std::to_string(options.jobs));
    if (codec.missing.empty()) {
      codec.version = codec.family == "JPEG XL"
                          ? VersionOf(launcher, {"cjxl", "--version"}, "cjxl v", "libjxl ")
                      : webp
                          ? VersionOf(launcher, {"cwebp", "-version"}, "", "libwebp ")
                          : VersionOf(launcher, {"opj_compress", "-h"}, "library v", "OpenJPEG ");
    }
    codecs.push_back(codec);
  }
}

Codec External(const std::string& text) {
  const size_t equals = text.find('='), middle = text.find("::");
  Require(
      equals != std::string::npos && equals > 0 && middle != std::string::npos && middle > equals,
      ErrorCode::kInvalidArgument, "must be NAME=ENCODE COMMAND::DECODE COMMAND");
  Codec codec;
  codec.name = text.substr(0, equals);
  codec.family = "external";
  codec.version = "(given by --codec)";
  codec.encode_command = text.substr(equals + 1, middle - equals - 1);
  codec.decode_command = text.substr(middle + 2);
  codec.options = codec.encode_command;
  codec.shell = true;
  codec.threads = 0;
  for (const std::string& command : {codec.encode_command, codec.decode_command}) {
    Require(command.find("{in}") != std::string::npos && command.find("{out") != std::string::npos,
            ErrorCode::kInvalidArgument, "a command must have {in} and {out}");
  }
  return codec;
}

}  // namespace

std::vector<Codec> AllCodecs(const CodecOptions& options, Launcher& launcher) {
  std::vector<Codec> codecs;
  AddFlowzip(options, codecs);
  AddPrograms(options, launcher, codecs);
  for (Codec& codec : LibraryCodecs()) codecs.push_back(std::move(codec));
  for (const std::string& text : options.external) codecs.push_back(External(text));
  return codecs;
}

}  // namespace flowzip::bench
