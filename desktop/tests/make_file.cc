// SPDX-License-Identifier: BSD-3-Clause
// make_file OUT.flz: 1500 x 1000 pixels, turned by EXIF, with a profile, XMP and a preview.
#include "made_files.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const made::Bytes file = made::MakeFile(1500, 1000, 6);
  std::ofstream(argv[1], std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  return 0;
}
