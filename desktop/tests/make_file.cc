// SPDX-License-Identifier: BSD-3-Clause
// make_file OUT.flz [FOLDER]: 1500 x 1000 pixels, turned by EXIF, with a profile, XMP and a preview; and
// into FOLDER the same with some damage to the preview.
#include "made_files.h"

static void Write(const std::string& path, const made::Bytes& file) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const made::Bytes file = made::MakeFile(1500, 1000, 6);
  Write(argv[1], file);
  if (argc < 3) return 0;
  int number = 0;
  made::DamagedPreviews(file, [&](const made::Bytes& damaged) {  // every eighth: a process for each
    if (number++ % 8 == 0) Write(argv[2] + std::string("/") + std::to_string(number) + ".flz", damaged);
  });
  return 0;
}
