/* SPDX-License-Identifier: BSD-3-Clause */
/* libvips saves .flz files: operations flzsave, flzsave_buffer, flzsave_target. */
#include <string.h>
#include <vips/vips.h>
#include <zlib.h>

#include "flowzip/flowzip.h"
#include "flowzip_vips.h"

typedef struct {
  VipsForeignSave parent_object;
  VipsTarget* target;
  int effort;
} FlzSave;
typedef VipsForeignSaveClass FlzSaveClass;

G_DEFINE_ABSTRACT_TYPE(FlzSave, flz_save, VIPS_TYPE_FOREIGN_SAVE)

static void flz_save_dispose(GObject* object) {
  FlzSave* save = (FlzSave*)object;
  VIPS_UNREF(save->target);
  G_OBJECT_CLASS(flz_save_parent_class)->dispose(object);
}

static int fail(flz_encoder* encoder) {
  const char* message = flz_encoder_message(encoder);
  vips_error("flzsave", "%s", *message ? message : "out of memory");
  return -1;
}

static const void* blob_of(VipsImage* image, const char* name, size_t* size) {
  const void* data;
  if (vips_image_get_typeof(image, name) == 0 || vips_image_get_blob(image, name, &data, size)) {
    return NULL;
  }
  return data;
}

/* A chunk of `head` and then `data`, packed or as it is. */
static int add(flz_encoder* encoder, const char* type, const void* head, size_t head_size,
               const void* data, size_t size, gboolean pack) {
  uLongf length = pack ? compressBound((uLong)size) : (uLongf)size;
  unsigned char* chunk = g_try_malloc(head_size + length + 1);
  if (chunk == NULL) {
    vips_error("flzsave", "%s", "out of memory");
    return -1;
  }
  memcpy(chunk, head, head_size);
  if (!pack) {
    memcpy(chunk + head_size, data, size);
  } else if (compress2(chunk + head_size, &length, data, (uLong)size, 9) != Z_OK) {
    g_free(chunk);
    vips_error("flzsave", "%s", "out of memory");
    return -1;
  }
  const flz_status status = flz_encoder_add_chunk(encoder, type, chunk, head_size + length);
  g_free(chunk);
  return status == FLZ_OK ? 0 : fail(encoder);
}

typedef struct {
  flz_encoder* encoder;
  int result;
} Chunks;

/* Those that the loader could not translate; a file's own order. */
static void* add_chunk(VipsImage* image, const char* name, GValue* value, void* user) {
  Chunks* chunks = user;
  size_t size;
  if (!vips_isprefix(FLOWZIP_VIPS_CHUNK, name) || strlen(name) < sizeof FLOWZIP_VIPS_CHUNK + 5) {
    return NULL;
  }
  const char* type = name + strlen(name) - 4;
  const void* data = blob_of(image, name, &size);
  if (data == NULL || memcmp(type, "PLTE", 4) == 0) return NULL;
  chunks->result = add(chunks->encoder, type, "", 0, data, size, FALSE);
  return chunks->result != 0 ? chunks : NULL;
}

static int add_metadata(flz_encoder* encoder, VipsImage* image) {
  size_t size;
  const void* data = blob_of(image, VIPS_META_ICC_NAME, &size);
  if (data != NULL && add(encoder, "iCCP", "icc\0", 5, data, size, TRUE)) return -1;
  data = blob_of(image, VIPS_META_EXIF_NAME, &size);
  if (data != NULL && size >= 6 && memcmp(data, "Exif\0\0", 6) == 0) { /* as JPEG has it */
    data = (const char*)data + 6;
    size -= 6;
  }
  if (data != NULL && add(encoder, "eXIf", "", 0, data, size, FALSE)) return -1;
  data = blob_of(image, VIPS_META_XMP_NAME, &size);
  if (data != NULL && add(encoder, "iTXt", FLOWZIP_VIPS_XMP "\0\0\0\0", sizeof FLOWZIP_VIPS_XMP + 4,
                          data, size, FALSE)) {
    return -1;
  }
  Chunks chunks = {encoder, 0};
  vips_image_map(image, add_chunk, &chunks);
  return chunks.result;
}

static int encode(FlzSave* save, VipsImage* image, flz_encoder* encoder) {
  if (flz_encoder_set_effort(encoder, (flz_effort)save->effort) != FLZ_OK) return fail(encoder);
  if (!((VipsForeignSave*)save)->strip && add_metadata(encoder, image)) return -1;
  const flz_image picture = {(uint32_t)image->Xsize,
                             (uint32_t)image->Ysize,
                             (uint32_t)image->Bands,
                             image->BandFmt == VIPS_FORMAT_USHORT ? 16 : 8,
                             VIPS_IMAGE_ADDR(image, 0, 0),
                             VIPS_IMAGE_SIZEOF_LINE(image),
                             0,
                             0};
  flz_encoder_set_max_pixels(encoder, 0);
  const uint8_t* data;
  size_t size;
  if (flz_encoder_encode(encoder, &picture, &data, &size) != FLZ_OK) return fail(encoder);
  return vips_target_write(save->target, data, size) ? -1 : 0;
}

static int flz_save_build(VipsObject* object) {
  FlzSave* save = (FlzSave*)object;
  if (VIPS_OBJECT_CLASS(flz_save_parent_class)->build(object)) return -1;
  VipsImage* image = ((VipsForeignSave*)save)->ready;
  /* The whole picture: the encoder goes over it by tiles, libvips by rows. */
  if (vips_image_wio_input(image)) return -1;
  flz_encoder* encoder = flz_encoder_new();
  if (encoder == NULL) return -1;
  const int result = encode(save, image, encoder);
  flz_encoder_free(encoder);
  if (result) return -1;
  return vips_target_end(save->target);
}

#define UC VIPS_FORMAT_UCHAR
#define US VIPS_FORMAT_USHORT
static VipsBandFormat formats[10] = {UC, UC, US, US, US, US, UC, UC, UC, UC};

static const char* suffixes[] = {".flz", NULL};

static void flz_save_class_init(FlzSaveClass* class) {
  G_OBJECT_CLASS(class)->dispose = flz_save_dispose;
  G_OBJECT_CLASS(class)->set_property = vips_object_set_property;
  G_OBJECT_CLASS(class)->get_property = vips_object_get_property;
  VIPS_OBJECT_CLASS(class)->nickname = "flzsave_base";
  VIPS_OBJECT_CLASS(class)->description = "save as a flowzip image";
  VIPS_OBJECT_CLASS(class)->build = flz_save_build;
  VIPS_FOREIGN_CLASS(class)->suffs = suffixes;
  class->saveable = VIPS_SAVEABLE_RGBA;
  class->format_table = formats;
  VIPS_ARG_INT(class, "effort", 10, "Effort", "Work for a smaller file: 1 fast, 2 standard, 3 best",
               VIPS_ARGUMENT_OPTIONAL_INPUT, G_STRUCT_OFFSET(FlzSave, effort), 1, 3, 2);
}

static void flz_save_init(FlzSave* save) { save->effort = 2; }

/* --- to a file --- */

typedef struct {
  FlzSave parent_object;
  char* filename;
} FlzSaveFile;
typedef FlzSaveClass FlzSaveFileClass;
G_DEFINE_TYPE(FlzSaveFile, flz_save_file, flz_save_get_type())

static int flz_save_file_build(VipsObject* object) {
  FlzSave* save = (FlzSave*)object;
  const char* filename = ((FlzSaveFile*)object)->filename;
  if (filename != NULL && !(save->target = vips_target_new_to_file(filename))) return -1;
  return VIPS_OBJECT_CLASS(flz_save_file_parent_class)->build(object);
}

static void flz_save_file_class_init(FlzSaveFileClass* class) {
  G_OBJECT_CLASS(class)->set_property = vips_object_set_property;
  G_OBJECT_CLASS(class)->get_property = vips_object_get_property;
  VIPS_OBJECT_CLASS(class)->nickname = "flzsave";
  VIPS_OBJECT_CLASS(class)->build = flz_save_file_build;
  VIPS_ARG_STRING(class, "filename", 1, "Filename", "Filename to save to",
                  VIPS_ARGUMENT_REQUIRED_INPUT, G_STRUCT_OFFSET(FlzSaveFile, filename), NULL);
}

static void flz_save_file_init(FlzSaveFile* save) {}

/* --- to memory --- */

typedef struct {
  FlzSave parent_object;
  VipsArea* buffer;
} FlzSaveBuffer;
typedef FlzSaveClass FlzSaveBufferClass;
G_DEFINE_TYPE(FlzSaveBuffer, flz_save_buffer, flz_save_get_type())

static int flz_save_buffer_build(VipsObject* object) {
  FlzSave* save = (FlzSave*)object;
  if (!(save->target = vips_target_new_to_memory())) return -1;
  if (VIPS_OBJECT_CLASS(flz_save_buffer_parent_class)->build(object)) return -1;
  VipsBlob* blob;
  g_object_get(save->target, "blob", &blob, NULL);
  g_object_set(save, "buffer", blob, NULL);
  vips_area_unref(VIPS_AREA(blob));
  return 0;
}

static void flz_save_buffer_class_init(FlzSaveBufferClass* class) {
  G_OBJECT_CLASS(class)->set_property = vips_object_set_property;
  G_OBJECT_CLASS(class)->get_property = vips_object_get_property;
  VIPS_OBJECT_CLASS(class)->nickname = "flzsave_buffer";
  VIPS_OBJECT_CLASS(class)->build = flz_save_buffer_build;
  VIPS_ARG_BOXED(class, "buffer", 1, "Buffer", "Buffer to save to", VIPS_ARGUMENT_REQUIRED_OUTPUT,
                 G_STRUCT_OFFSET(FlzSaveBuffer, buffer), VIPS_TYPE_BLOB);
}

static void flz_save_buffer_init(FlzSaveBuffer* save) {}

/* --- to a target --- */

typedef struct {
  FlzSave parent_object;
  VipsTarget* given;
} FlzSaveTarget;
typedef FlzSaveClass FlzSaveTargetClass;
G_DEFINE_TYPE(FlzSaveTarget, flz_save_target, flz_save_get_type())

static int flz_save_target_build(VipsObject* object) {
  FlzSave* save = (FlzSave*)object;
  save->target = ((FlzSaveTarget*)object)->given;
  if (save->target != NULL) g_object_ref(save->target);
  return VIPS_OBJECT_CLASS(flz_save_target_parent_class)->build(object);
}

static void flz_save_target_class_init(FlzSaveTargetClass* class) {
  G_OBJECT_CLASS(class)->set_property = vips_object_set_property;
  G_OBJECT_CLASS(class)->get_property = vips_object_get_property;
  VIPS_OBJECT_CLASS(class)->nickname = "flzsave_target";
  VIPS_OBJECT_CLASS(class)->build = flz_save_target_build;
  VIPS_ARG_OBJECT(class, "target", 1, "Target", "Target to save to", VIPS_ARGUMENT_REQUIRED_INPUT,
                  G_STRUCT_OFFSET(FlzSaveTarget, given), VIPS_TYPE_TARGET);
}

static void flz_save_target_init(FlzSaveTarget* save) {}

void flowzip_vips_register_save(void) {
  flz_save_file_get_type();
  flz_save_buffer_get_type();
  flz_save_target_get_type();
}
