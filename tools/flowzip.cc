// SPDX-License-Identifier: BSD-3-Clause
// The command line: flowzip encode | decode | info | bench | score | sample.
//
// Exit status: 0 done, 1 failed, 2 wrong usage. Every failure is one line on standard
// error, "flowzip: FILE: reason", and leaves no output behind.
#include <cerrno>
#include <cstdio>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "codec/codec.h"
#include "model/embedded.h"
#include "model/simd_targets.h"
#include "tools/cli_common.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

enum ExitStatus { kDone = 0, kFailed = 1, kUsage = 2 };

std::string VersionText() {
  std::string text =
      "flowzip " FLOWZIP_VERSION "\nformat version " + std::to_string(kFormatVersion) + "\nmodels";
  for (const EmbeddedModel& model : EmbeddedModels()) {
    text += std::string(" ") + model.name + "=" + HashName(model.hash());
  }
  if (EmbeddedModels().empty()) text += " none embedded";
  text += "\nSIMD";
  for (const std::string& target : SupportedSimdTargets()) text += " " + target;
  return text;
}

// One line, whatever the file is called.
int Complain(const std::string& message, ExitStatus status) {
  std::string line = "flowzip: " + message;
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = '?';
  }
  std::fprintf(stderr, "%s\n", line.c_str());
  return status;
}

int Main(int argc, char** argv) {
#ifdef __GLIBC__
  // Every tile takes the same tens of megabytes. To give them back to the system after one and
  // have them again, page by page, for the next cost a tenth of the time.
  mallopt(M_MMAP_THRESHOLD, 1 << 25);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
  CLI::App app("Lossless image compression by an integer flow.", "flowzip");
  app.set_version_flag("-V,--version", VersionText);
  app.require_subcommand(1);
  Action run;
  AddEncodeCommand(app, run);
  AddDecodeCommand(app, run);
  AddInfoCommand(app, run);
  AddScoreCommand(app, run);
  AddSampleCommand(app, run);
  AddBenchCommand(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return Complain(std::string(error.what()) + " (try flowzip --help)", kUsage);
  }
  try {
    run();
  } catch (const FileError& error) {
    return Complain(error.what(), kFailed);
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
    return Complain("standard output: " + std::string(SystemError(errno).what()), kFailed);
  }
  return kDone;
}

}  // namespace
}  // namespace flowzip

int main(int argc, char** argv) {
  try {
    return flowzip::Main(argc, argv);
  } catch (const std::exception& error) {  // a mistake of ours, or no memory for a message
    std::fprintf(stderr, "flowzip: %s\n", error.what());
    return flowzip::kFailed;
  }
}
