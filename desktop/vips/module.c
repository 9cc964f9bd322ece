/* SPDX-License-Identifier: BSD-3-Clause */
/* What libvips calls when it has found the module. */
#include <gmodule.h>
#include <vips/vips.h>

#include "flowzip_vips.h"

G_MODULE_EXPORT const gchar* g_module_check_init(GModule* self);

const gchar* g_module_check_init(GModule* self) {
  /* Its types cannot be taken back. */
  g_module_make_resident(self);
  flowzip_vips_register_load();
  flowzip_vips_register_save();
  return NULL;
}
