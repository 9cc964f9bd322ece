// SPDX-License-Identifier: BSD-3-Clause
// A gdk-pixbuf loader for .flz files: what GTK programs, thumbnailers and viewers open pictures by.
//
// The host hands the file over piece by piece. Size and kind are told as soon as the header is
// there; a thumbnail is made of the stored preview as soon as that is; the picture when all is.
#define GDK_PIXBUF_ENABLE_BACKEND
#include <gdk-pixbuf/gdk-pixbuf.h>

#include <algorithm>
#include <new>
#include <string>

#include "common/picture.h"

namespace flowzip_desktop {
namespace {

struct Load {
  GdkPixbufModuleSizeFunc size;
  GdkPixbufModulePreparedFunc prepared;
  GdkPixbufModuleUpdatedFunc updated;
  gpointer user;
  Bytes data;
  size_t needed = 8;  // bytes to wait for before looking again
  bool size_told = false, done = false, failed = false;
  int width = 0, height = 0;  // that the host wants
};

bool Fail(Load* load, GError** error, int code, const char* message) {
  load->failed = true;
  g_set_error(error, GDK_PIXBUF_ERROR, code, "%s", message);
  return false;
}

bool FailAs(Load* load, GError** error, const Picture& picture) {
  const flz_status status = picture.status();
  const bool memory = status == FLZ_LIMIT || status == FLZ_OUT_OF_MEMORY;
  return Fail(load, error,
              memory ? GDK_PIXBUF_ERROR_INSUFFICIENT_MEMORY
              : status == FLZ_UNSUPPORTED || status == FLZ_UNKNOWN_MODEL
                  ? GDK_PIXBUF_ERROR_UNKNOWN_TYPE
                  : GDK_PIXBUF_ERROR_CORRUPT_IMAGE,
              picture.message());
}

bool NoMemory(Load* load, GError** error) {
  return Fail(load, error, GDK_PIXBUF_ERROR_INSUFFICIENT_MEMORY, "out of memory");
}

void SetOptions(const Picture& picture, GdkPixbuf* pixbuf) {
  if (!picture.icc().empty()) {
    gchar* text = g_base64_encode(picture.icc().data(), picture.icc().size());
    gdk_pixbuf_set_option(pixbuf, "icc-profile", text);
    g_free(text);
  }
  if (picture.orientation() != 1) {
    gdk_pixbuf_set_option(pixbuf, "orientation", std::to_string(picture.orientation()).c_str());
  }
}

// Tells the host the size, and takes the one that it wants.
bool TellSize(Load* load, const flz_info& info, GError** error) {
  if (info.width > G_MAXINT / 4 || info.height > G_MAXINT) {
    return Fail(load, error, GDK_PIXBUF_ERROR_INSUFFICIENT_MEMORY, "too wide for gdk-pixbuf");
  }
  load->size_told = true;
  load->width = static_cast<int>(info.width);
  load->height = static_cast<int>(info.height);
  if (load->size != nullptr) load->size(&load->width, &load->height, load->user);
  if (load->width > 0 && load->height > 0) return true;
  return Fail(load, error, GDK_PIXBUF_ERROR_FAILED, "a picture without pixels was asked for");
}

// Hands over the picture, scaled to what the host wants if that is smaller.
bool HandOver(Load* load, const Picture& picture, GdkPixbuf* pixbuf, GError** error) {
  const int width = load->width, height = load->height;
  const bool shrinks = width < static_cast<int>(picture.info().width) ||
                       height < static_cast<int>(picture.info().height);
  if (shrinks) {
    GdkPixbuf* scaled = gdk_pixbuf_scale_simple(pixbuf, width, height, GDK_INTERP_BILINEAR);
    g_object_unref(pixbuf);
    if (scaled == nullptr) return NoMemory(load, error);
    pixbuf = scaled;
  }
  SetOptions(picture, pixbuf);
  load->done = true;
  load->prepared(pixbuf, nullptr, load->user);
  load->updated(pixbuf, 0, 0, gdk_pixbuf_get_width(pixbuf), gdk_pixbuf_get_height(pixbuf),
                load->user);
  g_object_unref(pixbuf);
  return true;
}

bool Show(Load* load, Picture& picture, bool preview, GError** error) {
  const flz_info& info = picture.info();
  GdkPixbuf* pixbuf = gdk_pixbuf_new(GDK_COLORSPACE_RGB, picture.has_alpha(), 8,
                                     static_cast<int>(preview ? info.preview_width : info.width),
                                     static_cast<int>(preview ? info.preview_height : info.height));
  if (pixbuf == nullptr) return NoMemory(load, error);
  const auto stride = static_cast<size_t>(gdk_pixbuf_get_rowstride(pixbuf));
  uint8_t* pixels = gdk_pixbuf_get_pixels(pixbuf);
  bool ok = false;
  try {
    ok = preview ? picture.DecodePreviewTo8(pixels, stride) : picture.DecodeTo8(pixels, stride);
  } catch (...) {
    g_object_unref(pixbuf);
    throw;
  }
  if (ok) return HandOver(load, picture, pixbuf, error);
  g_object_unref(pixbuf);
  return FailAs(load, error, picture);
}

// What can be done with the bytes so far. `last`: there will be no more.
bool Advance(Load* load, bool last, GError** error) {
  if (load->done || (load->data.size() < load->needed && !last)) return true;
  if (const size_t more = BytesForHeader(load->data.data(), load->data.size()); more > 0 && !last) {
    load->needed = more;
    return true;
  }
  Picture picture;
  if (!picture.Open(load->data.data(), load->data.size())) return FailAs(load, error, picture);
  const flz_info& info = picture.info();
  if (!load->size_told && !TellSize(load, info, error)) return false;
  const bool preview = picture.PreviewServes(static_cast<uint32_t>(load->width),
                                             static_cast<uint32_t>(load->height));
  const uint64_t needed = preview ? info.header_bytes + info.preview_bytes : info.file_bytes;
  if (load->data.size() < needed && !last) {
    load->needed = static_cast<size_t>(needed);
    return true;
  }
  // All has arrived, but there may be more, which would be wrong: the end decides.
  if (!preview && !last) {
    load->needed = SIZE_MAX;
    return true;
  }
  return Show(load, picture, preview, error);
}

// Nothing may leave through the host's C code.
template <class F>
bool Guard(Load* load, GError** error, const F& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return NoMemory(load, error);
  } catch (...) {
    return Fail(load, error, GDK_PIXBUF_ERROR_FAILED, "internal error");
  }
}

gpointer BeginLoad(GdkPixbufModuleSizeFunc size, GdkPixbufModulePreparedFunc prepared,
                   GdkPixbufModuleUpdatedFunc updated, gpointer user, GError** error) {
  auto* const load = new (std::nothrow) Load{size, prepared, updated, user, {}};
  if (load == nullptr) {
    g_set_error_literal(error, GDK_PIXBUF_ERROR, GDK_PIXBUF_ERROR_INSUFFICIENT_MEMORY,
                        "out of memory");
  }
  return load;
}

gboolean LoadIncrement(gpointer context, const guchar* bytes, guint size, GError** error) {
  auto* const load = static_cast<Load*>(context);
  if (load->failed) return Fail(load, error, GDK_PIXBUF_ERROR_FAILED, "has failed before");
  if (load->done) return TRUE;  // the rest of a file whose preview was enough
  return Guard(load, error, [&] {
    load->data.insert(load->data.end(), bytes, bytes + size);
    return Advance(load, false, error);
  });
}

gboolean StopLoad(gpointer context, GError** error) {
  const std::unique_ptr<Load> load(static_cast<Load*>(context));
  if (load->failed) return TRUE;  // has been said; there is nothing to show
  return Guard(load.get(), error, [&] { return Advance(load.get(), true, error); });
}

}  // namespace
}  // namespace flowzip_desktop

extern "C" {

G_MODULE_EXPORT void fill_vtable(GdkPixbufModule* module);
G_MODULE_EXPORT void fill_info(GdkPixbufFormat* info);

void fill_vtable(GdkPixbufModule* module) {
  module->begin_load = flowzip_desktop::BeginLoad;
  module->load_increment = flowzip_desktop::LoadIncrement;
  module->stop_load = flowzip_desktop::StopLoad;
}

void fill_info(GdkPixbufFormat* info) {
  static char prefix[] =
      "\x8F"
      "FLZ\r\n\x1A\n",
              mask[] = "        ";
  static GdkPixbufModulePattern signature[] = {{prefix, mask, 100}, {nullptr, nullptr, 0}};
  static char type[] = "image/x-flowzip", extension[] = "flz";
  static char* types[] = {type, nullptr};
  static char* extensions[] = {extension, nullptr};
  static char name[] = "flowzip", description[] = "flowzip lossless image", license[] = "BSD";
  info->name = name;
  info->signature = signature;
  info->description = description;
  info->mime_types = types;
  info->extensions = extensions;
  info->flags = GDK_PIXBUF_FORMAT_THREADSAFE;
  info->license = license;
}

}  // extern "C"
