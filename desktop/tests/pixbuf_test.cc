// SPDX-License-Identifier: BSD-3-Clause
// The gdk-pixbuf loader:  pixbuf_test LIST   with GDK_PIXBUF_MODULE_FILE naming it.
//
// LIST has a line for each file: "same FLZ PNG" where both must have the same pixels, "any FLZ"
// where loading must end, whatever comes of it.
#include <gdk-pixbuf/gdk-pixbuf.h>

#include <cstring>

#include "made_files.h"

namespace {

using made::Bytes;
using made::Expect;

struct Wanted {
  int width = 0, height = 0;  // 0: as it is
};

void SizePrepared(GdkPixbufLoader* loader, int, int, gpointer user) {
  const auto* wanted = static_cast<const Wanted*>(user);
  if (wanted->width > 0) gdk_pixbuf_loader_set_size(loader, wanted->width, wanted->height);
}

// In pieces of `step` bytes; null if it is refused.
GdkPixbuf* Load(const Bytes& file, size_t step, Wanted wanted = {}) {
  GdkPixbufLoader* loader = gdk_pixbuf_loader_new();
  g_signal_connect(loader, "size-prepared", G_CALLBACK(SizePrepared), &wanted);
  bool ok = true;
  GError* error = nullptr;
  for (size_t at = 0; at < file.size() && ok; at += step) {
    ok =
        gdk_pixbuf_loader_write(loader, file.data() + at, std::min(step, file.size() - at), &error);
  }
  Expect(ok || error != nullptr, "refused without a word");
  g_clear_error(&error);
  const bool closed = gdk_pixbuf_loader_close(loader, &error);
  Expect(closed || error != nullptr, "refused without a word at the end");
  g_clear_error(&error);
  ok = ok && closed;
  GdkPixbuf* pixbuf = ok ? gdk_pixbuf_loader_get_pixbuf(loader) : nullptr;
  if (pixbuf != nullptr) g_object_ref(pixbuf);
  g_object_unref(loader);
  return pixbuf;
}

// Depths above 8 are rounded by one and cut off by the other.
bool Same(const GdkPixbuf* a, const GdkPixbuf* b) {
  const int width = gdk_pixbuf_get_width(a), height = gdk_pixbuf_get_height(a),
            channels = gdk_pixbuf_get_n_channels(a);
  if (width != gdk_pixbuf_get_width(b) || height != gdk_pixbuf_get_height(b) ||
      channels != gdk_pixbuf_get_n_channels(b)) {
    return false;
  }
  for (int y = 0; y < height; ++y) {
    const guint8* p = gdk_pixbuf_read_pixels(a) + y * gdk_pixbuf_get_rowstride(a);
    const guint8* q = gdk_pixbuf_read_pixels(b) + y * gdk_pixbuf_get_rowstride(b);
    for (int i = 0; i < width * channels; ++i) {
      if (std::abs(p[i] - q[i]) > 1) return false;
    }
  }
  return true;
}

void CheckMetadata() {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    GdkPixbuf* pixbuf = Load(made::MakeFile(40, 30, orientation), 100);
    Expect(pixbuf != nullptr, "a file with metadata is refused");
    if (pixbuf == nullptr) return;
    const char* said = gdk_pixbuf_get_option(pixbuf, "orientation");
    Expect(said == nullptr ? orientation == 1 : std::atoi(said) == orientation, "orientation");
    gsize size = 0;
    const char* text = gdk_pixbuf_get_option(pixbuf, "icc-profile");
    guchar* icc = text != nullptr ? g_base64_decode(text, &size) : nullptr;
    Expect(icc != nullptr && Bytes(icc, icc + size) == made::Profile(), "colour profile");
    g_free(icc);
    GdkPixbuf* turned = gdk_pixbuf_apply_embedded_orientation(pixbuf);
    Expect(gdk_pixbuf_get_width(turned) == (orientation < 5 ? 40 : 30), "turned");
    g_object_unref(turned);
    g_object_unref(pixbuf);
  }
}

void CheckPieces() {
  const Bytes file = made::MakeFile(300, 200, 1);
  for (const size_t step : {size_t{1}, size_t{7}, size_t{1000}, file.size()}) {
    GdkPixbuf* pixbuf = Load(file, step);
    bool same = pixbuf != nullptr && gdk_pixbuf_get_width(pixbuf) == 300;
    for (uint32_t y = 0; same && y < 200; ++y) {
      const guint8* row = gdk_pixbuf_read_pixels(pixbuf) + y * gdk_pixbuf_get_rowstride(pixbuf);
      for (uint32_t i = 0; i < 900; ++i) same = same && row[i] == made::Sample(i / 3, y, i % 3);
    }
    Expect(same, "pieces of " + std::to_string(step) + " bytes");
    g_clear_object(&pixbuf);
  }
}

// Thumbnails come of the preview: the tiles need not be there.
void CheckPreview() {
  Bytes file = made::MakeFile(1500, 1000, 6);
  flz_info info;
  Expect(flz_probe(file.data(), file.size(), &info, nullptr) == FLZ_OK && info.preview_width > 0,
         "the file has a preview");
  for (const bool whole : {true, false}) {
    if (!whole) file.resize(info.header_bytes + info.preview_bytes);
    GdkPixbuf* pixbuf = Load(file, 4096, {96, 64});
    Expect(pixbuf != nullptr && gdk_pixbuf_get_width(pixbuf) == 96 &&
               gdk_pixbuf_get_height(pixbuf) == 64 && gdk_pixbuf_get_option(pixbuf, "orientation"),
           whole ? "a thumbnail" : "a thumbnail of the preview alone");
    g_clear_object(&pixbuf);
  }
  GdkPixbuf* pixbuf = Load(file, 4096);
  Expect(pixbuf == nullptr, "no picture where the tiles are missing");
  g_clear_object(&pixbuf);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  CheckMetadata();
  CheckPieces();
  CheckPreview();
  std::ifstream list(argv[1]);
  std::string verb, flz, png;
  int same = 0, loaded = 0, refused = 0;
  const auto any = [&](const Bytes& file) {
    for (const Wanted wanted : {Wanted{}, Wanted{64, 64}}) {
      GdkPixbuf* pixbuf = Load(file, 1 + file.size() / 3, wanted);
      ++(pixbuf != nullptr ? loaded : refused);
      g_clear_object(&pixbuf);
    }
  };
  made::DamagedPreviews(made::MakeFile(1500, 1000, 6), [&](const Bytes& file) {
    GdkPixbuf* pixbuf = Load(file, 1 + file.size() / 3, {64, 64});
    ++(pixbuf != nullptr ? loaded : refused);
    g_clear_object(&pixbuf);
  });
  while (list >> verb >> flz) {
    const Bytes file = made::ReadAll(flz);
    if (verb == "any") {
      any(file);
      continue;
    }
    list >> png;
    GdkPixbuf* a = Load(file, 1000);
    GdkPixbuf* b = gdk_pixbuf_new_from_file(png.c_str(), nullptr);
    const bool equal = a != nullptr && b != nullptr && Same(a, b);
    Expect(equal, flz + " and " + png + " differ");
    same += equal;
    g_clear_object(&a);
    g_clear_object(&b);
    made::Damaged(file, any);
  }
  std::printf(
      "%d pictures as from PNG; of broken and other files %d loaded, %d refused, no crash\n", same,
      loaded, refused);
  Expect(same > 20 && refused > 100, "too few files");
  return made::g_failures == 0 ? 0 : 1;
}
