/* SPDX-License-Identifier: BSD-3-Clause */
/* libvips loads .flz files: operations flzload, flzload_buffer, flzload_source.
 *
 * Regions are decoded as they are asked for, from the file's tiles that they meet; a cache keeps
 * two rows of tiles, so that who reads from top to bottom decodes each once. The file itself is
 * mapped. Samples become 8 or 16 bits, palettes and transparent colours are resolved, as libvips
 * does with PNG files. */
#include <string.h>
#include <vips/vips.h>
#include <zlib.h>

#include "flowzip/flowzip.h"
#include "flowzip_vips.h"

#define MOST_PROFILE ((size_t)1 << 24) /* bytes; more is no colour profile */

typedef struct {
  VipsForeignLoad parent_object;
  VipsSource* source;
  gboolean preview;

  const void* data;
  size_t size;
  flz_info info;
  unsigned char palette[256][4];
  uint32_t key[3]; /* the transparent colour */
  gboolean has_key;
  int bands;
} FlzLoad;
typedef VipsForeignLoadClass FlzLoadClass;

G_DEFINE_ABSTRACT_TYPE(FlzLoad, flz_load, VIPS_TYPE_FOREIGN_LOAD)

static void flz_load_dispose(GObject* object) {
  FlzLoad* load = (FlzLoad*)object;
  VIPS_UNREF(load->source);
  G_OBJECT_CLASS(flz_load_parent_class)->dispose(object);
}

static gboolean is_flz(VipsSource* source) {
  const unsigned char* head = vips_source_sniff(source, 8);
  return head != NULL && flz_signature(head, 8) == FLZ_OK;
}

static int fail(flz_decoder* decoder) {
  const char* message = flz_decoder_message(decoder);
  vips_error("flzload", "%s", *message ? message : "out of memory");
  return -1;
}

static uint32_t largest_of(const flz_info* info) {
  return info->max_value != 0 ? info->max_value : (1u << info->bit_depth) - 1;
}

/* Inflated, in memory of g_free; NULL if it is malformed or large. */
static unsigned char* inflated(const unsigned char* data, size_t size, size_t* out_size) {
  for (size_t room = VIPS_MIN(4 * size + 4096, MOST_PROFILE);;
       room = VIPS_MIN(4 * room, MOST_PROFILE)) {
    unsigned char* out = g_try_malloc(room);
    uLongf length = (uLongf)room;
    if (out == NULL) return NULL;
    const int result = uncompress(out, &length, data, (uLong)size);
    if (result == Z_OK) {
      *out_size = length;
      return out;
    }
    g_free(out);
    if (result != Z_BUF_ERROR || room == MOST_PROFILE) return NULL;
  }
}

static void set_profile(VipsImage* out, const flz_chunk* chunk) {
  const unsigned char* end = chunk->size > 0 ? memchr(chunk->data, 0, chunk->size) : NULL;
  const size_t at = end != NULL ? (size_t)(end - chunk->data) + 2 : chunk->size;
  size_t size;
  if (at >= chunk->size || chunk->size > MOST_PROFILE) return;
  unsigned char* profile = inflated(chunk->data + at, chunk->size - at, &size);
  if (profile == NULL) return;
  vips_image_set_blob_copy(out, VIPS_META_ICC_NAME, profile, size);
  g_free(profile);
}

/* XMP that is not compressed; others stay chunks. */
static gboolean set_xmp(VipsImage* out, const flz_chunk* chunk) {
  const size_t head = sizeof FLOWZIP_VIPS_XMP + 4; /* zero, no compression, two empty strings */
  if (chunk->size < head || memcmp(chunk->data, FLOWZIP_VIPS_XMP, sizeof FLOWZIP_VIPS_XMP) != 0 ||
      memcmp(chunk->data + head - 4, "\0\0\0\0", 4) != 0) {
    return FALSE;
  }
  vips_image_set_blob_copy(out, VIPS_META_XMP_NAME, chunk->data + head, chunk->size - head);
  return TRUE;
}

static void set_orientation(VipsImage* out, const unsigned char* exif, size_t size) {
  if (size < 14) return;
  const gboolean little = memcmp(exif, "II*\0", 4) == 0;
  if (!little && memcmp(exif, "MM\0*", 4) != 0) return;
#define U16(at) ((uint32_t)exif[(at) + !little] | (uint32_t)exif[(at) + little] << 8)
  const size_t directory = little ? U16(4) | (size_t)U16(6) << 16 : U16(6) | (size_t)U16(4) << 16;
  if (directory > size - 2) return;
  const size_t entries = VIPS_MIN(U16(directory), (size - directory - 2) / 12);
  for (size_t i = 0; i < entries; ++i) {
    const size_t at = directory + 2 + 12 * i;
    if (U16(at) != 0x0112) continue;
    const uint32_t value = U16(at + 8);
    if (value >= 1 && value <= 8) vips_image_set_int(out, VIPS_META_ORIENTATION, (int)value);
    return;
  }
#undef U16
}

static void set_resolution(VipsImage* out, const flz_chunk* chunk) {
  if (chunk->size != 9 || chunk->data[8] != 1) return; /* per metre */
  const unsigned char* d = chunk->data;
  out->Xres = ((double)d[0] * 16777216 + d[1] * 65536 + d[2] * 256 + d[3]) / 1000;
  out->Yres = ((double)d[4] * 16777216 + d[5] * 65536 + d[6] * 256 + d[7]) / 1000;
}

/* Metadata of the open file; of the picture, what its samples mean. */
static void take_chunks(FlzLoad* load, flz_decoder* decoder, VipsImage* out, gboolean metadata) {
  flz_chunk chunk;
  for (int i = 0; i < 256; ++i) load->palette[i][3] = 255;
  load->has_key = FALSE;
  gboolean transparent = FALSE;
  for (int number = 0; flz_decoder_next_chunk(decoder, &chunk) == FLZ_OK; ++number) {
#define IS(name) (memcmp(chunk.type, name, 4) == 0)
    if (IS("PLTE")) {
      for (size_t i = 0; i < VIPS_MIN(chunk.size / 3, 256); ++i) {
        memcpy(load->palette[i], chunk.data + 3 * i, 3);
      }
      if (load->info.flags & FLZ_INDEXED) continue;
    } else if (IS("tRNS")) {
      transparent = TRUE;
      if (load->info.flags & FLZ_INDEXED) {
        for (size_t i = 0; i < VIPS_MIN(chunk.size, 256); ++i) load->palette[i][3] = chunk.data[i];
      } else if (load->info.channels % 2 == 1 && chunk.size == 2 * load->info.channels) {
        load->has_key = TRUE;
        for (size_t c = 0; c < load->info.channels; ++c) {
          load->key[c] = (uint32_t)chunk.data[2 * c] << 8 | chunk.data[2 * c + 1];
        }
      }
      continue;
    }
    if (!metadata || IS("IDAT")) continue;
    if (IS("pHYs")) set_resolution(out, &chunk);
    if (IS("iCCP")) {
      set_profile(out, &chunk);
    } else if (IS("eXIf")) {
      vips_image_set_blob_copy(out, VIPS_META_EXIF_NAME, chunk.data, chunk.size);
      set_orientation(out, chunk.data, chunk.size);
    } else if (!(IS("iTXt") && set_xmp(out, &chunk))) {
      char name[sizeof FLOWZIP_VIPS_CHUNK + 24];
      g_snprintf(name, sizeof name, FLOWZIP_VIPS_CHUNK "%d-%.4s", number, chunk.type);
      vips_image_set_blob_copy(out, name, chunk.data, chunk.size);
    }
#undef IS
  }
  if (load->info.flags & FLZ_INDEXED) {
    load->bands = transparent ? 4 : 3;
  } else {
    load->bands = (int)load->info.channels + (load->has_key ? 1 : 0);
  }
}

static flz_decoder* open_decoder(FlzLoad* load, flz_info* info) {
  flz_decoder* decoder = flz_decoder_new();
  if (decoder == NULL) return NULL;
  flz_decoder_set_max_pixels(decoder, 0); /* regions are decoded, of a picture of any size */
  if (flz_decoder_open(decoder, load->data, load->size, info) == FLZ_OK) return decoder;
  fail(decoder);
  flz_decoder_free(decoder);
  return NULL;
}

static int flz_load_header(VipsForeignLoad* base) {
  FlzLoad* load = (FlzLoad*)base;
  load->data = vips_source_map(load->source, &load->size);
  if (load->data == NULL) return -1;
  flz_decoder* decoder = open_decoder(load, &load->info);
  if (decoder == NULL) return -1;
  const flz_info* info = &load->info;
  if (load->preview && info->preview_width == 0) {
    vips_error("flzload", "%s", "the file has no preview");
    flz_decoder_free(decoder);
    return -1;
  }
  if (info->width > VIPS_MAX_COORD || info->height > VIPS_MAX_COORD) {
    vips_error("flzload", "%s", "larger than libvips takes");
    flz_decoder_free(decoder);
    return -1;
  }
  take_chunks(load, decoder, base->out, TRUE);
  flz_decoder_free(decoder);
  const gboolean deep = info->bit_depth > 8 && !load->preview;
  if (load->preview) load->bands = (int)info->preview_channels;
  const VipsInterpretation meaning =
      load->bands < 3 ? (deep ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_B_W)
                      : (deep ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB);
  vips_image_init_fields(base->out, (int)(load->preview ? info->preview_width : info->width),
                         (int)(load->preview ? info->preview_height : info->height), load->bands,
                         deep ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR, VIPS_CODING_NONE, meaning,
                         base->out->Xres > 0 ? base->out->Xres : 1.0,
                         base->out->Yres > 0 ? base->out->Yres : 1.0);
  vips_image_set_int(base->out, "bits-per-sample", load->preview ? 8 : (int)info->bit_depth);
  return vips_image_pipelinev(base->out, VIPS_DEMAND_STYLE_THINSTRIP, NULL);
}

/* One row of decoded samples to pixels. */
static void convert_row(const FlzLoad* load, const unsigned char* from, int width, VipsPel* to) {
  const flz_info* info = &load->info;
  const uint32_t largest = largest_of(info);
  const int channels = (int)info->channels;
  if (info->flags & FLZ_INDEXED) {
    for (int x = 0; x < width; ++x, to += load->bands) {
      memcpy(to, load->palette[from[x]], (size_t)load->bands);
    }
    return;
  }
  for (int x = 0; x < width; ++x) {
    gboolean same = load->has_key;
    for (int c = 0; c < channels; ++c) {
      if (info->bit_depth > 8) {
        uint16_t sample;
        memcpy(&sample, from, 2);
        from += 2;
        if (same && sample != load->key[c]) same = FALSE;
        sample = (uint16_t)(((uint64_t)sample * 65535 + largest / 2) / largest);
        memcpy(to, &sample, 2);
        to += 2;
      } else {
        if (same && *from != load->key[c]) same = FALSE;
        *to++ = (VipsPel)((*from++ * 255u + largest / 2) / largest);
      }
    }
    if (!load->has_key) continue;
    const size_t bytes = info->bit_depth > 8 ? 2 : 1;
    memset(to, same ? 0 : 255, bytes);
    to += bytes;
  }
}

static void* start(VipsImage* out, void* a, void* b) {
  flz_info info;
  flz_decoder* decoder = open_decoder((FlzLoad*)a, &info);
  /* libvips has as many of us as it wants threads. */
  if (decoder != NULL) flz_decoder_set_threads(decoder, 1);
  return decoder;
}

static int stop(void* sequence, void* a, void* b) {
  flz_decoder_free(sequence);
  return 0;
}

static int generate(VipsRegion* region, void* sequence, void* a, void* b, gboolean* stop_it) {
  const FlzLoad* load = a;
  flz_decoder* decoder = sequence;
  const VipsRect* r = &region->valid;
  uint64_t row_bytes;
  const size_t stride = VIPS_REGION_LSKIP(region);
  if (flz_decoder_set_region(decoder, (uint32_t)r->left, (uint32_t)r->top, (uint32_t)r->width,
                             (uint32_t)r->height) != FLZ_OK ||
      flz_decoder_size(decoder, NULL, NULL, &row_bytes) != FLZ_OK) {
    return fail(decoder);
  }
  const gboolean as_it_is = load->bands == (int)load->info.channels &&
                            !(load->info.flags & FLZ_INDEXED) &&
                            largest_of(&load->info) == (load->info.bit_depth > 8 ? 65535u : 255u);
  if (as_it_is) {
    const size_t size = stride * (size_t)(r->height - 1) + (size_t)row_bytes;
    if (flz_decoder_decode(decoder, VIPS_REGION_ADDR(region, r->left, r->top), size, stride)) {
      return fail(decoder);
    }
    return 0;
  }
  const size_t size = (size_t)row_bytes * (size_t)r->height;
  unsigned char* samples = g_try_malloc(size);
  if (samples == NULL) {
    vips_error("flzload", "%s", "out of memory");
    return -1;
  }
  int result = 0;
  if (flz_decoder_decode(decoder, samples, size, 0) != FLZ_OK) result = fail(decoder);
  for (int y = 0; result == 0 && y < r->height; ++y) {
    convert_row(load, samples + (size_t)y * row_bytes, r->width,
                VIPS_REGION_ADDR(region, r->left, r->top + y));
  }
  g_free(samples);
  return result;
}

static int load_preview(FlzLoad* load, VipsImage* out) {
  flz_info info;
  const size_t size = VIPS_IMAGE_SIZEOF_IMAGE(out);
  if (vips_image_write_prepare(out)) return -1;
  flz_decoder* decoder = open_decoder(load, &info);
  if (decoder == NULL) return -1;
  const int result = flz_decoder_preview(decoder, out->data, size, 0) == FLZ_OK ? 0 : fail(decoder);
  flz_decoder_free(decoder);
  return result;
}

static int flz_load_load(VipsForeignLoad* base) {
  FlzLoad* load = (FlzLoad*)base;
  VipsImage** t = (VipsImage**)vips_object_local_array(VIPS_OBJECT(base), 2);
  t[0] = load->preview ? vips_image_new_memory() : vips_image_new();
  vips_image_init_fields(t[0], base->out->Xsize, base->out->Ysize, base->out->Bands,
                         base->out->BandFmt, base->out->Coding, base->out->Type, base->out->Xres,
                         base->out->Yres);
  if (load->preview) return load_preview(load, t[0]) || vips_image_write(t[0], base->real);
  if (vips_image_pipelinev(t[0], VIPS_DEMAND_STYLE_THINSTRIP, NULL)) return -1;
  const int side = (int)load->info.tile_size;
  const int across = (base->out->Xsize - 1) / side + 1;
  if (vips_image_generate(t[0], start, generate, stop, load, NULL) ||
      vips_tilecache(t[0], &t[1], "tile_width", VIPS_MIN(side, base->out->Xsize), "tile_height",
                     VIPS_MIN(side, base->out->Ysize), "max_tiles", 2 * across + 2, "threaded",
                     TRUE, NULL)) {
    return -1;
  }
  return vips_image_write(t[1], base->real);
}

static VipsForeignFlags flz_load_get_flags(VipsForeignLoad* load) { return VIPS_FOREIGN_PARTIAL; }

static void flz_load_class_init(FlzLoadClass* class) {
  GObjectClass* object = G_OBJECT_CLASS(class);
  object->dispose = flz_load_dispose;
  object->set_property = vips_object_set_property;
  object->get_property = vips_object_get_property;
  VIPS_OBJECT_CLASS(class)->nickname = "flzload_base";
  VIPS_OBJECT_CLASS(class)->description = "load a flowzip image";
  VIPS_FOREIGN_CLASS(class)->priority = 50;
  class->get_flags = flz_load_get_flags;
  class->header = flz_load_header;
  class->load = flz_load_load;
  VIPS_ARG_BOOL(class, "preview", 20, "Preview", "Load the stored preview",
                VIPS_ARGUMENT_OPTIONAL_INPUT, G_STRUCT_OFFSET(FlzLoad, preview), FALSE);
}

static void flz_load_init(FlzLoad* load) {}

/* --- from a file --- */

typedef struct {
  FlzLoad parent_object;
  char* filename;
} FlzLoadFile;
typedef FlzLoadClass FlzLoadFileClass;
G_DEFINE_TYPE(FlzLoadFile, flz_load_file, flz_load_get_type())

static int flz_load_file_build(VipsObject* object) {
  FlzLoad* load = (FlzLoad*)object;
  const char* filename = ((FlzLoadFile*)object)->filename;
  if (filename != NULL && !(load->source = vips_source_new_from_file(filename))) return -1;
  return VIPS_OBJECT_CLASS(flz_load_file_parent_class)->build(object);
}

static gboolean flz_load_file_is_a(const char* filename) {
  VipsSource* source = vips_source_new_from_file(filename);
  if (source == NULL) return FALSE;
  const gboolean result = is_flz(source);
  VIPS_UNREF(source);
  return result;
}

static const char* suffixes[] = {".flz", NULL};

static void flz_load_file_class_init(FlzLoadFileClass* class) {
  G_OBJECT_CLASS(class)->set_property = vips_object_set_property;
  G_OBJECT_CLASS(class)->get_property = vips_object_get_property;
  VIPS_OBJECT_CLASS(class)->nickname = "flzload";
  VIPS_OBJECT_CLASS(class)->build = flz_load_file_build;
  VIPS_FOREIGN_CLASS(class)->suffs = suffixes;
  class->is_a = flz_load_file_is_a;
  VIPS_ARG_STRING(class, "filename", 1, "Filename", "Filename to load from",
                  VIPS_ARGUMENT_REQUIRED_INPUT, G_STRUCT_OFFSET(FlzLoadFile, filename), NULL);
}

static void flz_load_file_init(FlzLoadFile* load) {}

/* --- from memory --- */

typedef struct {
  FlzLoad parent_object;
  VipsArea* buffer;
} FlzLoadBuffer;
typedef FlzLoadClass FlzLoadBufferClass;
G_DEFINE_TYPE(FlzLoadBuffer, flz_load_buffer, flz_load_get_type())

static int flz_load_buffer_build(VipsObject* object) {
  FlzLoad* load = (FlzLoad*)object;
  VipsArea* buffer = ((FlzLoadBuffer*)object)->buffer;
  if (buffer != NULL &&
      !(load->source = vips_source_new_from_memory(buffer->data, buffer->length))) {
    return -1;
  }
  return VIPS_OBJECT_CLASS(flz_load_buffer_parent_class)->build(object);
}

static gboolean flz_load_buffer_is_a(const void* data, size_t size) {
  return flz_signature(data, size) == FLZ_OK;
}

static void flz_load_buffer_class_init(FlzLoadBufferClass* class) {
  G_OBJECT_CLASS(class)->set_property = vips_object_set_property;
  G_OBJECT_CLASS(class)->get_property = vips_object_get_property;
  VIPS_OBJECT_CLASS(class)->nickname = "flzload_buffer";
  VIPS_OBJECT_CLASS(class)->build = flz_load_buffer_build;
  class->is_a_buffer = flz_load_buffer_is_a;
  VIPS_ARG_BOXED(class, "buffer", 1, "Buffer", "Buffer to load from", VIPS_ARGUMENT_REQUIRED_INPUT,
                 G_STRUCT_OFFSET(FlzLoadBuffer, buffer), VIPS_TYPE_BLOB);
}

static void flz_load_buffer_init(FlzLoadBuffer* load) {}

/* --- from a source --- */

typedef struct {
  FlzLoad parent_object;
  VipsSource* given;
} FlzLoadSource;
typedef FlzLoadClass FlzLoadSourceClass;
G_DEFINE_TYPE(FlzLoadSource, flz_load_source, flz_load_get_type())

static int flz_load_source_build(VipsObject* object) {
  FlzLoad* load = (FlzLoad*)object;
  load->source = ((FlzLoadSource*)object)->given;
  if (load->source != NULL) g_object_ref(load->source);
  return VIPS_OBJECT_CLASS(flz_load_source_parent_class)->build(object);
}

static void flz_load_source_class_init(FlzLoadSourceClass* class) {
  G_OBJECT_CLASS(class)->set_property = vips_object_set_property;
  G_OBJECT_CLASS(class)->get_property = vips_object_get_property;
  VIPS_OBJECT_CLASS(class)->nickname = "flzload_source";
  VIPS_OBJECT_CLASS(class)->build = flz_load_source_build;
  VIPS_OPERATION_CLASS(class)->flags |= VIPS_OPERATION_NOCACHE;
  class->is_a_source = is_flz;
  VIPS_ARG_OBJECT(class, "source", 1, "Source", "Source to load from", VIPS_ARGUMENT_REQUIRED_INPUT,
                  G_STRUCT_OFFSET(FlzLoadSource, given), VIPS_TYPE_SOURCE);
}

static void flz_load_source_init(FlzLoadSource* load) {}

void flowzip_vips_register_load(void) {
  flz_load_file_get_type();
  flz_load_buffer_get_type();
  flz_load_source_get_type();
}
