// SPDX-License-Identifier: BSD-3-Clause
// The command line: flowzip encode | decode | test | audit | info | bench | score | sample.
//
// Exit status: 0 done, 1 failed, 2 wrong usage. Every failure is one line on standard
// error, "flowzip: FILE: reason", and leaves no output behind.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sstream>

#include "flowzip/flowzip.h"
#include "model/simd_targets.h"
#include "tools/cli_common.h"
#include "tools/heap_pages.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

std::string VersionText() {
  std::string text = std::string("flowzip ") + flz_version() + "\nformat version " +
                     std::to_string(flz_format_version()) + "\nmodels";
  for (size_t i = 0; i < flz_model_count(); ++i) {
    const char* name = nullptr;
    uint64_t hash = 0;
    flz_model_info(i, &name, &hash);
    text += std::string(" ") + name + "=" + HashName(hash);
  }
  if (flz_model_count() == 0) text += " none embedded";
  text += "\nSIMD";
  for (const std::string& target : SupportedSimdTargets()) text += " " + target;
  return text;
}

// What has been printed must have arrived.
ExitStatus FlushOutput() {
  errno = 0;
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return kDone;
  return Complain("standard output: " + std::string(SystemError(errno != 0 ? errno : EIO).what()),
                  kFailed);
}

// The option that nobody knows, where the lack of something else was noticed first; or nothing.
std::string UnknownOption(const CLI::App& app) {
  for (const std::string& word : app.remaining(/*recurse=*/true)) {
    if (word.size() > 1 && word[0] == '-') return word;
  }
  return "";
}

// "-10" and "-0" are no efforts, though the parser would take them for -1 and for files.
std::string NoSuchEffort(int argc, char** argv) {
  for (int i = 1; i < argc && std::strcmp(argv[i], "--") != 0; ++i) {
    const std::string word = argv[i];
    const bool number = word.find_first_not_of("0123456789", 1) == std::string::npos;
    if (word[0] == '-' && number && (word.size() > 2 || word == "-0")) return word;
  }
  return "";
}

int Main(int argc, char** argv) {
#ifdef __GLIBC__
  // Every tile takes the same tens of megabytes. To give them back to the system after one and
  // have them again, page by page, for the next cost a tenth of the time.
  mallopt(M_MMAP_THRESHOLD, 1 << 25);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  // The heap grows by whole large pages (tools/heap_pages.h), mapped but not touched.
  mallopt(M_TOP_PAD, 1 << 25);
  // For all threads: a heap of its own for each would be returned all the same.
  mallopt(M_ARENA_MAX, 1);
  PrefaultHeap(4 << 20);  // what a small picture takes
#endif
  // A pipe that nobody reads any more is an error of writing like any other.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Lossless image compression by an integer flow.", "flowzip");
  app.set_version_flag("-V,--version", VersionText);
  app.require_subcommand(1);
  Action run;
  AddEncodeCommand(app, run);
  AddDecodeCommand(app, run);
  AddTestCommand(app, run);
  AddAuditCommand(app, run);
  AddInfoCommand(app, run);
  AddScoreCommand(app, run);
  AddSampleCommand(app, run);
  AddBenchCommand(app, run);
  if (const std::string option = NoSuchEffort(argc, argv); !option.empty()) {
    return Complain("there is no option " + option + " (try flowzip --help)", kUsage);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (const std::string option = UnknownOption(app); !option.empty()) {
      return Complain("there is no option " + option + " (try flowzip --help)", kUsage);
    }
    if (error.get_exit_code() != 0) {
      return Complain(std::string(error.what()) + " (try flowzip --help)", kUsage);
    }
    std::ostringstream text;  // of --help or --version
    app.exit(error, text);
    std::fputs(text.str().c_str(), stdout);
    return FlushOutput();
  }
  try {
    run();
  } catch (const UsageError& error) {
    return Complain(error.what(), kUsage);
  } catch (const FileError& error) {
    return Complain(error.what(), kFailed);
  } catch (const SomeFailed&) {
    std::fflush(stdout);
    return kFailed;
  }
  return FlushOutput();
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
