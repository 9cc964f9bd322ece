/* SPDX-License-Identifier: BSD-3-Clause */
/* Somebody else's program: encodes four pixels and decodes them again. */
#include <flowzip/flowzip.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  const unsigned char pixels[12] = {1, 2, 3, 250, 0, 9, 77, 8, 255, 4, 5, 6};
  unsigned char back[12] = {0};
  const uint8_t *data;
  size_t size;
  const flz_image image = {2, 2, 3, 8, pixels, 0, 0, 0};
  flz_encoder *encoder = flz_encoder_new();
  flz_decoder *decoder = flz_decoder_new();
  const int ok = flz_encoder_encode(encoder, &image, &data, &size) == FLZ_OK &&
                 flz_decoder_open(decoder, data, size, NULL) == FLZ_OK &&
                 flz_decoder_decode(decoder, back, sizeof back, 0) == FLZ_OK &&
                 memcmp(pixels, back, sizeof back) == 0 &&
                 flz_version_number() == FLZ_VERSION_NUMBER;
  printf("flowzip %s %s%s%s\n", flz_version(), ok ? "works" : "fails: ",
         flz_encoder_message(encoder), flz_decoder_message(decoder));
  flz_encoder_free(encoder);
  flz_decoder_free(decoder);
  return ok ? 0 : 1;
}
