/* SPDX-License-Identifier: BSD-3-Clause */
/* The two halves of the libvips module. */
#ifndef FLOWZIP_DESKTOP_VIPS_H_
#define FLOWZIP_DESKTOP_VIPS_H_

#include <glib-object.h>

/* Registers their operations: flzload, flzload_buffer, flzload_source; flzsave and so on. */
void flowzip_vips_register_load(void);
void flowzip_vips_register_save(void);

/* Chunks that have no place of their own among libvips' metadata are kept as blobs of this name,
 * a number and their type: "flz-chunk-0-tEXt". */
#define FLOWZIP_VIPS_CHUNK "flz-chunk-"
#define FLOWZIP_VIPS_XMP "XML:com.adobe.xmp"

#endif
