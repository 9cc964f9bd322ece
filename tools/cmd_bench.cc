// SPDX-License-Identifier: BSD-3-Clause
// flowzip bench FILES|FOLDERS...: flowzip and its rivals, in size, speed and memory.
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "tools/atomic_file.h"
#include "tools/bench/report.h"
#include "tools/bench/runner.h"
#include "tools/cli_common.h"

namespace flowzip {
namespace {

struct Arguments {
  bench::RunOptions run;
  CommonOptions common;
  std::string json, markdown, html;
  std::string worker;
};

// One line on the terminal that tells what is being measured.
class StatusLine {
 public:
  explicit StatusLine(bool quiet) : enabled_(!quiet && isatty(STDERR_FILENO) != 0) {}
  ~StatusLine() { Clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  void Show(const std::string& text) {
    if (!enabled_) return;
    std::fprintf(stderr, "\r\033[K%.79s", text.c_str());
    std::fflush(stderr);
  }
  void Clear() {
    if (enabled_) std::fputs("\r\033[K", stderr);
  }

 private:
  bool enabled_;
};

// Refuses an output that cannot be before the work rather than after it. The file itself is made at
// the end.
void CheckOutput(const std::string& path) {
  if (!path.empty()) WithFile(path, [&] { AtomicFile(path, true); });
}

void Write(const std::string& path, std::string (*report)(const bench::Results&),
           const bench::Results& results) {
  if (path.empty()) return;
  const std::string text = report(results);
  WithFile(path, [&] {
    AtomicFile file(path, true);
    file.Write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    file.Commit();
  });
}

// What was typed, ready to be typed again.
std::string CommandLine() {
  std::ifstream file("/proc/self/cmdline");
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  std::string line = "flowzip";
  if (!words.empty()) words.erase(words.begin());
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+,./:@%";
  for (const std::string& word : words) {
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
      line += " " + word;
      continue;
    }
    line += " '";
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += "'";
  }
  return line;
}

void Run(Arguments arguments) {
  if (!arguments.worker.empty()) {
    const std::vector<std::string>& files = arguments.run.inputs;
    if (files.size() != 2) throw FileError(arguments.worker, "needs two files");
    return WithFile(files[0], [&] { bench::RunWorker(arguments.worker, files[0], files[1]); });
  }
  bench::Launcher launcher;  // first, while this process is small
  Prepare(arguments.common);
  arguments.run.codecs.model_path = arguments.common.model_path;
  arguments.run.codecs.simd = arguments.common.simd;
  for (const std::string& path : {arguments.json, arguments.markdown, arguments.html}) {
    CheckOutput(path);
  }

  bench::Results results;
  try {
    StatusLine line(arguments.common.quiet);
    results = bench::RunBenchmark(arguments.run, launcher,
                                  [&](const std::string& text) { line.Show(text); });
  } catch (const bench::RunError& error) {
    throw FileError(error.image(), error.what());
  } catch (const Error& error) {
    throw FileError("bench", error.what());
  }
  results.command_line = CommandLine();
  if (!arguments.common.quiet) {
    std::fputs(bench::TerminalReport(results).c_str(), stdout);
  }
  Write(arguments.json, bench::JsonReport, results);
  Write(arguments.markdown, bench::MarkdownReport, results);
  Write(arguments.html, bench::HtmlReport, results);
}

}  // namespace

void AddBenchCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand(
      "bench", "Compare sizes, speeds and memory with PNG, zstd, JPEG XL, WebP and others");
  const auto arguments = std::make_shared<Arguments>();
  bench::RunOptions& options = arguments->run;
  command->add_option("FILES", options.inputs, "PNG images, and folders of them")->required();
  command->add_option("--only", options.only, "Codecs to run: names, or beginnings such as zstd")
      ->type_name("NAME,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--also", options.also, "Slow codecs to run too: jxl-e9, webp-z9")
      ->type_name("NAME,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      ->add_option("--codec", options.codecs.external,
                   "One more codec, by two shell commands: NAME='ENCODE {in} {out}'::'DECODE "
                   "{in} {out}'; the encoder reads PNG, the decoder writes PNG, PPM or PGM; "
                   "{out.EXT} gives the file that extension")
      ->type_name("COMMANDS")
      ->allow_extra_args(false);
  command->add_option("--reference", options.reference, "Codec that per cents refer to [jxl-e7]")
      ->type_name("NAME");
  command->add_option("--repeats", options.repeats, "Runs of each operation; the median counts")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      ->add_option("--repeat-below", options.repeat_below,
                   "Operations that take longer than so many seconds run once")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("-j,--jobs", options.codecs.jobs, "Threads, of codecs that can have several")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--json", arguments->json, "Write every figure there")->type_name("FILE");
  command->add_option("--markdown", arguments->markdown, "Write a document there")
      ->type_name("FILE");
  command->add_option("--html", arguments->html, "Write a page with charts there")
      ->type_name("FILE");
  command->add_option("--heat-maps", options.heat_maps, "So many images get one in the page")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command
      ->add_option("--model", arguments->common.model_path,
                   "Model file to measure too, beside the embedded ones")
      ->type_name("FILE");
  command->add_flag("--recover-colour,!--no-recover-colour", options.codecs.recover_colour,
                    "flowzip: code what RGB was converted from; without, names end in -rgb [on]");
  command->add_option("--simd", arguments->common.simd, "Instruction set, for flowzip")
      ->type_name("TARGET");
  command->add_flag("-q,--quiet", arguments->common.quiet, "Print errors only");
  command->add_option("--worker", arguments->worker, "")->group("");  // see codec_table.h
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
