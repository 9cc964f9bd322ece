# SPDX-License-Identifier: BSD-3-Clause
# For a compiler with headers of its own: Highway and xxHash, which are used as headers only,
# without the host's other headers beside them.

set(host_headers "${CMAKE_CURRENT_BINARY_DIR}/host-headers")
file(MAKE_DIRECTORY "${host_headers}")
foreach(name hwy xxhash.h)
  if(EXISTS "/usr/include/${name}")
    file(CREATE_LINK "/usr/include/${name}" "${host_headers}/${name}" SYMBOLIC)
  endif()
endforeach()
set(HIGHWAY_INCLUDE_DIR "${host_headers}" CACHE PATH "Where hwy/highway.h is")
set(XXHASH_INCLUDE_DIR "${host_headers}" CACHE PATH "Where xxhash.h is")
