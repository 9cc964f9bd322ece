# SPDX-License-Identifier: BSD-3-Clause
# The rooms of the library, lowest first: a folder is a target, and after it stand the targets whose
# headers it may include. scripts/include-graph compares this with the #include lines, and a test
# fails on an arrow that is not here, on one that nothing uses, and on a cycle.

# flowzip_room(name folder [libraries...]): all .cc files of one folder, part of libflowzip.
function(flowzip_room name folder)
  flowzip_add_library(flowzip_${name} ${folder} ${ARGN})
  set_property(GLOBAL APPEND PROPERTY FLOWZIP_ROOMS flowzip_${name})
  if(XXHASH_INCLUDE_DIR)
    target_include_directories(flowzip_${name} SYSTEM PRIVATE "${XXHASH_INCLUDE_DIR}")
  endif()
endfunction()

# Bytes, errors, threads, memory.
flowzip_room(base base Threads::Threads)
# The entropy coder: rANS, and the binary coder beside it.
flowzip_room(rans rans flowzip_base)
# The flow: integer couplings and networks, scalar definitions and vector kernels.
flowzip_room(model model flowzip_base flowzip_highway)
include(cmake/EmbedModels.cmake)

# Pictures, parts of them, rows that are still being read.
flowzip_room(picture codec/picture flowzip_base)
# Adaptive bits: slots, mixers, distributions.
flowzip_room(bits codec/bits flowzip_base flowzip_model flowzip_highway)
# What bytes and bits were spent on.
flowzip_room(account codec/account flowzip_model flowzip_picture)
# The bytes of a file: header, tile blocks, checksums, recovery.
flowzip_room(container codec/container flowzip_base flowzip_picture)
# Linear filters fitted to planes of integers, and how they are written.
flowzip_room(filters codec/filters flowzip_base flowzip_rans flowzip_model flowzip_bits)
# A tile's samples as planes of integers, colour converted.
flowzip_room(planes codec/planes flowzip_base flowzip_rans flowzip_model flowzip_picture
  flowzip_account flowzip_filters)
# What callers ask for: coding, limits, regions.
flowzip_room(options codec/options flowzip_base flowzip_model flowzip_picture flowzip_account
  flowzip_container)

# The coders of tiles.
flowzip_room(coder codec/coders flowzip_base flowzip_model flowzip_picture flowzip_account)
flowzip_room(deflated codec/coders/deflated flowzip_base flowzip_coder)
flowzip_room(plain codec/coders/plain flowzip_picture flowzip_coder)
flowzip_room(contexts codec/coders/contexts flowzip_base flowzip_rans flowzip_picture flowzip_bits
  flowzip_coder)
flowzip_room(raster codec/coders/raster flowzip_base flowzip_rans flowzip_model flowzip_picture
  flowzip_filters flowzip_planes flowzip_coder)
flowzip_room(network codec/coders/network flowzip_base flowzip_rans flowzip_model flowzip_picture
  flowzip_bits flowzip_account flowzip_filters flowzip_planes flowzip_coder)

# PNG's chunks inside a header.
flowzip_room(metadata codec/metadata flowzip_base flowzip_rans flowzip_bits flowzip_picture
  flowzip_container flowzip_contexts)
# Which coder a tile gets, and back; how much memory that takes.
flowzip_room(tiles codec/tiles flowzip_base flowzip_picture flowzip_account flowzip_container
  flowzip_options flowzip_coder flowzip_plain flowzip_deflated flowzip_contexts flowzip_raster flowzip_network
  flowzip_metadata)
# The small picture beside large ones.
flowzip_room(preview codec/preview flowzip_base flowzip_picture flowzip_container flowzip_options
  flowzip_tiles)
# Whole pictures: Encode and Decode.
flowzip_room(api codec/api flowzip_base flowzip_picture flowzip_account flowzip_container
  flowzip_options flowzip_deflated flowzip_metadata flowzip_tiles flowzip_preview)
# Above the codec: likelihoods, anomalies, samples.
flowzip_room(analysis analysis flowzip_base flowzip_rans flowzip_model flowzip_picture
  flowzip_account flowzip_filters flowzip_planes flowzip_network flowzip_tiles flowzip_api)
# The functions of include/flowzip/flowzip.h.
flowzip_room(c_api c_api flowzip_base flowzip_model flowzip_picture flowzip_metadata flowzip_preview
  flowzip_api flowzip_analysis)
