/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The C interface in one page: a filter between PPM and flowzip files.
 *
 *   flz_ppm encode < picture.ppm > picture.flz
 *   flz_ppm decode < picture.flz > picture.ppm
 *
 *   cc -std=c99 flz_ppm.c $(pkg-config --cflags --libs flowzip) -o flz_ppm
 */
#include <flowzip/flowzip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All of standard input; NULL if there is no memory for it. */
static unsigned char *read_all(size_t *size) {
  size_t room = 1 << 16;
  unsigned char *data = malloc(room);
  *size = 0;
  while (data != NULL) {
    const size_t got = fread(data + *size, 1, room - *size, stdin);
    unsigned char *more;
    if (got == 0) return data;
    *size += got;
    if (*size < room) continue;
    more = realloc(data, room *= 2);
    if (more == NULL) free(data);
    data = more;
  }
  return NULL;
}

static int encode(const unsigned char *data, size_t size) {
  flz_encoder *encoder = flz_encoder_new();
  flz_image image;
  const uint8_t *file;
  size_t file_size;
  unsigned width, height, largest;
  int begin = 0, ok;
  char head[64] = {0};
  memcpy(head, data, size < sizeof head - 1 ? size : sizeof head - 1);
  if (sscanf(head, "P6 %u %u %u%n", &width, &height, &largest, &begin) != 3 || largest != 255 ||
      width == 0 || height == 0 || width > 65535 || height > 65535 ||
      size < (size_t)begin + 1 + (size_t)3 * width * height) {
    fprintf(stderr, "not a whole PPM file of 8 bits\n");
    flz_encoder_free(encoder);
    return 0;
  }
  memset(&image, 0, sizeof image);
  image.width = width;
  image.height = height;
  image.channels = 3;
  image.bit_depth = 8;
  image.pixels = data + begin + 1; /* rows without gaps: a stride of 0 */
  ok = flz_encoder_set_effort(encoder, FLZ_EFFORT_FAST) == FLZ_OK &&
       flz_encoder_set_threads(encoder, 0) == FLZ_OK && /* one for each processor */
       flz_encoder_encode(encoder, &image, &file, &file_size) == FLZ_OK;
  if (ok) {
    ok = fwrite(file, 1, file_size, stdout) == file_size && fflush(stdout) == 0;
  } else {
    fprintf(stderr, "%s\n", flz_encoder_message(encoder));
  }
  flz_encoder_free(encoder); /* and with it `file` */
  return ok;
}

static int decode(const unsigned char *data, size_t size) {
  flz_decoder *decoder = flz_decoder_new();
  flz_info info;
  unsigned char *pixels = NULL;
  size_t bytes = 0;
  int ok = flz_decoder_open(decoder, data, size, &info) == FLZ_OK;
  if (ok && (info.channels != 3 || info.bit_depth != 8)) {
    fprintf(stderr, "only RGB of 8 bits makes a PPM file here\n");
    flz_decoder_free(decoder);
    return 0;
  }
  if (ok) {
    /* The decoder refuses pictures above its limits (flz_decoder_set_max_pixels). */
    bytes = (size_t)(info.row_bytes * info.height);
    pixels = malloc(bytes);
    ok = pixels != NULL && flz_decoder_decode(decoder, pixels, bytes, 0) == FLZ_OK;
  }
  if (ok) {
    printf("P6\n%u %u\n255\n", (unsigned)info.width, (unsigned)info.height);
    ok = fwrite(pixels, 1, bytes, stdout) == bytes && fflush(stdout) == 0;
  } else {
    fprintf(stderr, "%s\n", flz_decoder_message(decoder));
  }
  free(pixels);
  flz_decoder_free(decoder);
  return ok;
}

int main(int argc, char **argv) {
  size_t size;
  unsigned char *data;
  int ok;
  if (argc != 2 || (strcmp(argv[1], "encode") != 0 && strcmp(argv[1], "decode") != 0)) {
    fprintf(stderr, "usage: flz_ppm encode|decode\n");
    return 2;
  }
  data = read_all(&size);
  if (data == NULL) return 1;
  ok = argv[1][0] == 'e' ? encode(data, size) : decode(data, size);
  free(data);
  return ok ? 0 : 1;
}
