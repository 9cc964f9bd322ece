/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The C interface of flowzip, a lossless image codec.
 *
 * Encoding:
 *
 *     flz_encoder *encoder = flz_encoder_new();
 *     flz_image image = {width, height, 3, 8, pixels, 0, 0, 0};
 *     const uint8_t *data; size_t size;
 *     if (flz_encoder_encode(encoder, &image, &data, &size) != FLZ_OK)
 *       fprintf(stderr, "%s\n", flz_encoder_message(encoder));
 *     ... write `size` bytes at `data` ...
 *     flz_encoder_free(encoder);
 *
 * Decoding:
 *
 *     flz_decoder *decoder = flz_decoder_new();
 *     flz_info info;
 *     if (flz_decoder_open(decoder, data, size, &info) == FLZ_OK) {
 *       ... allocate info.row_bytes * info.height bytes at `pixels` ...
 *       status = flz_decoder_decode(decoder, pixels, pixel_bytes, 0);
 *     }
 *     flz_decoder_free(decoder);
 *
 * Rules for all functions: No exception leaves the library and nothing is printed. Handles are
 * independent of each other; one handle must not be used by two threads at once. Functions that
 * take a pointer to a handle accept NULL: they return FLZ_INVALID_ARGUMENT, and the _free
 * functions do nothing. Settings stay until changed. What a setting refuses leaves the old one.
 *
 * **Pixels** are rows from top to bottom, the channels of a pixel side by side: gray; gray and
 * alpha; red, green, blue; red, green, blue, alpha. A sample of 1 to 8 bits is one byte, one of 9
 * to 16 bits a uint16_t in the byte order of the machine; its value is 0 to 2^bits - 1. Nothing
 * needs to be aligned. `stride` is the number of bytes from one row to the next, 0 for rows
 * without gaps; bytes between rows are neither read nor written.
 */
#ifndef FLOWZIP_FLOWZIP_H_
#define FLOWZIP_FLOWZIP_H_

#include <stddef.h>
#include <stdint.h>

#include "flowzip/version.h"

#if defined(_WIN32) && !defined(FLZ_STATIC)
#ifdef FLZ_BUILDING
#define FLZ_API __declspec(dllexport)
#else
#define FLZ_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define FLZ_API __attribute__((visibility("default")))
#else
#define FLZ_API
#endif

/* In C++ too any int may be passed for an enumeration, and is answered for. */
#ifdef __cplusplus
#define FLZ_ENUM(name) enum name : int
extern "C" {
#else
#define FLZ_ENUM(name) enum name
#endif

/** What became of a call. The numbers never change; more may be added. */
typedef FLZ_ENUM(flz_status){
    FLZ_OK = 0,
    FLZ_INVALID_ARGUMENT = 1, /**< The call makes no sense: NULL, a wrong size, a wrong order. */
    FLZ_UNSUPPORTED = 2,      /**< Valid, but not taken by this version. */
    FLZ_TRUNCATED = 3,        /**< The file ends before it should. */
    FLZ_CORRUPT = 4,          /**< The file contradicts itself or is no flowzip file. */
    FLZ_UNKNOWN_MODEL = 5,    /**< The model asked for, or named by the file, is not here. */
    FLZ_LIMIT = 6,            /**< More pixels or memory than allowed. */
    FLZ_IO = 7,               /**< Reserved; no function of this header returns it. */
    FLZ_OUT_OF_MEMORY = 8,
    FLZ_CANCELLED = 9,  /**< A function of the caller's said so. */
    FLZ_INTERNAL = 10,  /**< A mistake in the library; please report it. */
    FLZ_NEED_MORE = 11, /**< Not enough bytes yet to tell. */
    FLZ_END = 12,       /**< No more chunks. */
    FLZ_BUFFER_TOO_SMALL = 13} flz_status;

/**
 * How much work goes into a smaller file. Fast fits filters to the picture; standard also tries the
 * library's model; best corrects the model's distributions from what each tile has shown so far
 * ("adaptive" tiles), and tries the context coder wherever it has a chance; its files take several
 * times as long to decode.
 */
typedef FLZ_ENUM(flz_effort){FLZ_EFFORT_FAST = 1, FLZ_EFFORT_STANDARD = 2, /**< The default. */
                             FLZ_EFFORT_BEST = 3} flz_effort;

/** One channel whose samples are indices into the palette, which is in the chunk PLTE. */
#define FLZ_INDEXED 1u
/** The PNG file that the picture came from was interlaced; says nothing about the pixels here. */
#define FLZ_INTERLACED 2u

/** What the header of a file says. */
typedef struct flz_info {
  uint32_t width, height;  /**< Pixels, 1 to 2^31 - 1. */
  uint32_t channels;       /**< 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA. */
  uint32_t bit_depth;      /**< Bits per sample, 1 to 16. */
  uint64_t row_bytes;      /**< Bytes of a decoded row without gaps. */
  uint64_t model_hash;     /**< Content hash of the model that decodes it. */
  uint64_t header_bytes;   /**< Bytes of the header. */
  uint64_t file_bytes;     /**< Bytes of the complete file. */
  uint64_t tile_count;     /**< Independent tiles. */
  uint32_t tile_size;      /**< Pixels on a side of a tile; tiles of thin pictures are longer. */
  uint32_t format_version; /**< Version of the file format. */
  uint32_t flags;          /**< FLZ_INDEXED, FLZ_INTERLACED. */
  uint32_t max_value;      /**< The largest sample allowed; 0: 2^bit_depth - 1. */
  uint32_t preview_width, preview_height; /**< Of the stored preview; 0: there is none. */
  uint32_t preview_channels;              /**< 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA. */
  uint32_t preview_bytes;  /**< In the file, of which they follow the header. */
  uint64_t reserved[2];    /**< Zero. */
} flz_info;

/** A picture in the caller's memory. */
typedef struct flz_image {
  uint32_t width, height; /**< Pixels, 1 to 2^31 - 1. */
  uint32_t channels;      /**< 1 to 4, as in flz_info. */
  uint32_t bit_depth;     /**< 1 to 16. */
  const void* pixels;     /**< Borrowed for the call only. */
  size_t stride;          /**< Bytes from row to row; 0: no gaps. */
  uint32_t flags;         /**< As in flz_info. */
  uint32_t max_value;     /**< As in flz_info. */
} flz_image;

/** What a picture costs under a model: flz_encoder_score(). */
typedef struct flz_score {
  double bits;               /**< -log2 of the picture's probability. */
  double bits_per_dimension; /**< The same for each sample. */
  uint64_t file_bytes;       /**< Size of a file that the model alone codes. */
  uint64_t overhead_limit;   /**< bits <= 8 file_bytes <= bits + 8 overhead_limit. */
  uint64_t reserved[4];      /**< Zero. */
} flz_score;

/**
 * A piece of metadata. Its type and contents are those of a PNG chunk, or one of the marks of
 * flz_encoder_add_chunk(); the library keeps types that it does not know as they are
 * (docs/FORMAT.md, section 2.3).
 */
typedef struct flz_chunk {
  char type[4];        /**< Four ASCII letters, not terminated. */
  const uint8_t* data; /**< Owned by the decoder, valid until it is opened again or freed. */
  size_t size;         /**< Bytes at `data`. */
} flz_chunk;

/**
 * Called now and then during the work, on the thread that called the library, with the pixels
 * done and the pixels in all. Anything but 0 ends the work with FLZ_CANCELLED. Must return; must
 * not call the library with the same handle.
 */
typedef int (*flz_progress_fn)(void* user, uint64_t done, uint64_t total);

/**
 * Must not return before the first `rows` rows of the picture are in its memory; later ones may be
 * there too. `rows` grows from call to call, up to the picture's height. Called on any of the
 * encoder's threads, by one at a time, while others encode the rows above. Anything but 0 ends the
 * work with FLZ_CANCELLED. Must not call the library with the same handle.
 */
typedef int (*flz_rows_fn)(void* user, uint32_t rows);

typedef struct flz_encoder flz_encoder;
typedef struct flz_decoder flz_decoder;

/* --- Library ------------------------------------------------------------------------ */

/** Version of the library, as "0.1.0". Never NULL; static. */
FLZ_API const char* flz_version(void);
/** Major * 65536 + minor * 256 + patch; compare with FLZ_VERSION_NUMBER. */
FLZ_API uint32_t flz_version_number(void);
/** The version of the file format that is written. */
FLZ_API uint32_t flz_format_version(void);
/** The instruction set in use, as "AVX3_DL". Static for the thread until its next call. */
FLZ_API const char* flz_simd_target(void);
/** A sentence about a status of any value. Never NULL; static. */
FLZ_API const char* flz_status_text(flz_status status);

/** Number of models inside the library. The first is the default. */
FLZ_API size_t flz_model_count(void);
/**
 * Name (static) and content hash of a model inside the library. Either pointer may be NULL.
 * FLZ_INVALID_ARGUMENT if `index` is not below flz_model_count().
 */
FLZ_API flz_status flz_model_info(size_t index, const char** name, uint64_t* hash);

/* --- Looking at a file without a handle --------------------------------------------- */

/**
 * Whether `size` bytes at `data` begin a flowzip file: FLZ_OK, FLZ_CORRUPT if not, or
 * FLZ_NEED_MORE if they are too few to tell (8 are enough).
 */
FLZ_API flz_status flz_signature(const void* data, size_t size);

/**
 * Reads the header alone. `data` may be any beginning of the file, of `size` bytes.
 *
 * @param info    Filled in on FLZ_OK, zeroed otherwise. May be NULL.
 * @param needed  On FLZ_NEED_MORE, a number of bytes above `size` to come back with, which is
 *                not more than the header has; otherwise 0. May be NULL.
 * @return FLZ_OK, FLZ_NEED_MORE, FLZ_CORRUPT, FLZ_UNSUPPORTED, FLZ_INVALID_ARGUMENT or
 *         FLZ_OUT_OF_MEMORY. flz_decoder_open() also has a sentence about what is wrong.
 */
FLZ_API flz_status flz_probe(const void* data, size_t size, flz_info* info, size_t* needed);

/* --- Encoder --------------------------------------------------------------------------- */

/** NULL only if there is no memory. To be freed with flz_encoder_free(). */
FLZ_API flz_encoder* flz_encoder_new(void);
FLZ_API void flz_encoder_free(flz_encoder* encoder);

/** One sentence about the last call that failed with this handle; "" before any. Never NULL. */
FLZ_API const char* flz_encoder_message(const flz_encoder* encoder);

/**
 * How much work to do: fast takes no model, standard and best an embedded one; FLZ_UNKNOWN_MODEL if
 * this library was built without it.
 */
FLZ_API flz_status flz_encoder_set_effort(flz_encoder* encoder, flz_effort effort);
/**
 * Whether to look for the YCbCr or PhotoCD values that an RGB picture was converted from, and
 * code those; a smaller file where they are found. 1, the default, or 0.
 */
FLZ_API flz_status flz_encoder_set_recover_colour(flz_encoder* encoder, int on);
/**
 * Whether files of pictures of 2^20 pixels and more get a preview, as large as a two-hundredth of the
 * tiles' bytes allows; at most 256 pixels on a side. 1, the default, or 0.
 */
FLZ_API flz_status flz_encoder_set_preview(flz_encoder* encoder, int on);
/** Encodes with a model file (.flzm) of `size` bytes at `data`, which is copied. */
FLZ_API flz_status flz_encoder_set_model(flz_encoder* encoder, const void* data, size_t size);
/** 1 to 1024 threads, the caller's included; 0, the default: one per processor. */
FLZ_API flz_status flz_encoder_set_threads(flz_encoder* encoder, int threads);
/** Refuses larger pictures with FLZ_LIMIT. Default 2^28; 0: no limit. */
FLZ_API flz_status flz_encoder_set_max_pixels(flz_encoder* encoder, uint64_t pixels);
/** Refuses work that would take more bytes of memory. Default 2^32; 0: no limit. */
FLZ_API flz_status flz_encoder_set_max_memory(flz_encoder* encoder, uint64_t bytes);
/** NULL: none. `user` is handed on. */
FLZ_API flz_status flz_encoder_set_progress(flz_encoder* encoder, flz_progress_fn progress,
                                            void* user);

/**
 * With a function set, a picture's rows need not be there when encoding begins: each is looked at
 * only after a call said that it is. NULL, the default: all of them are. `user` is handed on.
 */
FLZ_API flz_status flz_encoder_set_rows(flz_encoder* encoder, flz_rows_fn rows, void* user);

/**
 * Adds a PNG chunk, which is copied, to all files encoded from now on, in the order of the calls:
 * PLTE, which FLZ_INDEXED needs, and ancillary ones (tRNS, gAMA, iCCP, tEXt, ...). Three types are
 * marks, which no PNG file gets as chunks: an empty IDAT, where the picture's own data stood among
 * them (without it, after the last); IHDR, the first, how the source began if it was a PNM file
 * ("P5", or its header as it was); IEND, the last, the bytes that followed the source's end.
 * FLZ_INVALID_ARGUMENT for other types; palette and places of marks are looked at only when a
 * picture is encoded.
 */
FLZ_API flz_status flz_encoder_add_chunk(flz_encoder* encoder, const char type[4], const void* data,
                                         size_t size);
/** Forgets all chunks. */
FLZ_API flz_status flz_encoder_clear_chunks(flz_encoder* encoder);

/**
 * The bytes of memory that flz_encoder_encode() will need at most, beside the picture itself;
 * `pixels` and `stride` are not looked at. 0 if such a picture cannot be encoded.
 */
FLZ_API uint64_t flz_encoder_memory(flz_encoder* encoder, const flz_image* image);

/**
 * Encodes into memory of the encoder's.
 *
 * @param data  The file; owned by the encoder, valid until it encodes again or is freed.
 * @param size  Its size in bytes.
 * @return FLZ_OK; else `*data` is NULL and `*size` 0.
 */
FLZ_API flz_status flz_encoder_encode(flz_encoder* encoder, const flz_image* image,
                                      const uint8_t** data, size_t* size);

/**
 * After flz_encoder_encode() of the same picture, which came from a PNG file: where that file's compressed
 * rows (the data of its IDAT chunks, one after the other) are smaller, the file keeps them as they are, so
 * that it is never much larger than the PNG file. The result is the smaller of both, as of
 * flz_encoder_encode(). FLZ_INVALID_ARGUMENT if the stream is not that of these samples, FLZ_LIMIT if that
 * takes too much memory; the first result remains then.
 */
FLZ_API flz_status flz_encoder_keep_smaller(flz_encoder* encoder, const flz_image* image,
                                            const void* stream, size_t stream_size,
                                            const uint8_t** data, size_t* size);

/**
 * Encodes into the caller's buffer of `capacity` bytes. FLZ_BUFFER_TOO_SMALL if the file is
 * larger; `*size` is its size then too.
 */
FLZ_API flz_status flz_encoder_encode_into(flz_encoder* encoder, const flz_image* image,
                                           void* buffer, size_t capacity, size_t* size);

/**
 * From now on encoding also says where the bits go: the bits of each pixel, all its channels together, in
 * width * height values at `pixel_bits` without gaps, rows from top to bottom. What is no pixel's,
 * such as fitted filters, and alpha beside a model's colours is in none. It takes longer, and 4 bytes a
 * pixel more; the file is the same. NULL: no longer.
 *
 * @param count  Values at `pixel_bits`; a picture with more pixels is refused.
 */
FLZ_API flz_status flz_encoder_set_pixel_bits(flz_encoder* encoder, float* pixel_bits,
                                              size_t count);

/**
 * The exact log-likelihood of a picture under the encoder's model (with FLZ_EFFORT_FAST, which has
 * none, under the default one); docs/flows.md says what it is a likelihood of. Pixel bits, if set,
 * are the model's. FLZ_UNSUPPORTED for pictures that the model does not know: it takes gray and RGB
 * of 8 bits and more.
 *
 * @param score  Filled in on FLZ_OK, zeroed otherwise.
 */
FLZ_API flz_status flz_encoder_score(flz_encoder* encoder, const flz_image* image,
                                     flz_score* score);

/**
 * Draws a picture of 8 bits from the encoder's model: random bits, decoded. The same seed gives the same
 * picture everywhere. The progress function is not called.
 *
 * @param width, height  1 to 4096.
 * @param channels       1 gray, 3 RGB.
 * @param temperature    1: the model as it is; 1/16 to 16.
 * @param pixels, size, stride  As in flz_decoder_decode().
 */
FLZ_API flz_status flz_encoder_sample(flz_encoder* encoder, uint32_t width, uint32_t height,
                                      uint32_t channels, uint64_t seed, double temperature,
                                      void* pixels, size_t size, size_t stride);

/* --- Decoder --------------------------------------------------------------------------- */

/** NULL only if there is no memory. To be freed with flz_decoder_free(). */
FLZ_API flz_decoder* flz_decoder_new(void);
FLZ_API void flz_decoder_free(flz_decoder* decoder);

/** One sentence about the last call that failed with this handle; "" before any. Never NULL. */
FLZ_API const char* flz_decoder_message(const flz_decoder* decoder);

/** A model file (.flzm), copied, for files that name it; it goes before the embedded ones. */
FLZ_API flz_status flz_decoder_set_model(flz_decoder* decoder, const void* data, size_t size);
/** 1 to 1024 threads, the caller's included; 0, the default: one per processor. */
FLZ_API flz_status flz_decoder_set_threads(flz_decoder* decoder, int threads);
/** Refuses larger pictures with FLZ_LIMIT. Default 2^28; 0: no limit. */
FLZ_API flz_status flz_decoder_set_max_pixels(flz_decoder* decoder, uint64_t pixels);
/** Refuses work that would take more bytes of memory. Default 2^32; 0: no limit. */
FLZ_API flz_status flz_decoder_set_max_memory(flz_decoder* decoder, uint64_t bytes);
/** NULL: none. `user` is handed on. */
FLZ_API flz_status flz_decoder_set_progress(flz_decoder* decoder, flz_progress_fn progress,
                                            void* user);

/**
 * Takes up a whole file and reads its header and metadata, which may unpack to 2^30 bytes and must
 * fit max_memory while they do (FLZ_LIMIT). The bytes are borrowed: they must stay as they are
 * until another file is opened or the decoder freed. Of a file that is only to be looked at, the
 * header's bytes are enough (flz_probe()); decoding is then refused with FLZ_TRUNCATED.
 *
 * @param info  Filled in on FLZ_OK, zeroed otherwise. May be NULL.
 */
FLZ_API flz_status flz_decoder_open(flz_decoder* decoder, const void* data, size_t size,
                                    flz_info* info);

/**
 * The next chunk of the open file, in the order of flz_encoder_add_chunk(); FLZ_END after the
 * last, and then from the first again.
 */
FLZ_API flz_status flz_decoder_next_chunk(flz_decoder* decoder, flz_chunk* chunk);

/**
 * The bytes of memory that flz_decoder_decode() will need at most, beside file and pixels of the
 * caller's. 0 if no file is open.
 */
FLZ_API uint64_t flz_decoder_memory(flz_decoder* decoder);

/**
 * Decode only a part of the pictures opened from now on: the tiles that it needs. A width of 0,
 * the default, is the whole picture. A part outside the picture makes flz_decoder_size() and
 * flz_decoder_decode() fail with FLZ_INVALID_ARGUMENT.
 */
FLZ_API flz_status flz_decoder_set_region(flz_decoder* decoder, uint32_t x, uint32_t y,
                                          uint32_t width, uint32_t height);
/**
 * Decode only the pixels whose column and row in the picture are multiples of 2^scale_log2. 0, the
 * default, to 3.
 */
FLZ_API flz_status flz_decoder_set_scale(flz_decoder* decoder, int scale_log2);
/** Size of what flz_decoder_decode() gives of the open file; any pointer may be NULL. */
FLZ_API flz_status flz_decoder_size(flz_decoder* decoder, uint32_t* width, uint32_t* height,
                                    uint64_t* row_bytes);

/**
 * Decodes the open file; every checksum is checked (of whole tiles at full scale).
 *
 * @param pixels  Takes the picture. Its contents are undefined after a failure.
 * @param size    Bytes at `pixels`, at least stride * (height - 1) + row_bytes, of the size that
 *                flz_decoder_size() says: without region and scale, that of flz_info.
 * @param stride  Bytes from row to row, at least row_bytes; 0: row_bytes.
 */
FLZ_API flz_status flz_decoder_decode(flz_decoder* decoder, void* pixels, size_t size,
                                      size_t stride);

/**
 * Decodes the stored preview of the open file, in some milliseconds: the picture with factor x factor
 * pixels averaged, as preview_channels samples of 8 bits, palette, depth and transparent colour
 * resolved; samples may have lost up to four bits. Its colour space is the picture's. Of the file, the
 * header_bytes + preview_bytes first bytes are enough. FLZ_INVALID_ARGUMENT if flz_info says that
 * there is none.
 *
 * @param pixels, size, stride  As in flz_decoder_decode(), of preview_width x preview_height pixels.
 */
FLZ_API flz_status flz_decoder_preview(flz_decoder* decoder, void* pixels, size_t size,
                                       size_t stride);

/** Decodes the whole of the open file, preview included, checks everything, and keeps nothing. */
FLZ_API flz_status flz_decoder_check(flz_decoder* decoder);

#ifdef __cplusplus
}
#endif

#endif
