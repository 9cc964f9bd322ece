# SPDX-License-Identifier: BSD-3-Clause
# libflowzip, shared and static, from the objects of all rooms (Rooms.cmake); what it shows
# is include/flowzip/flowzip.h alone. flowzip::flowzip is the shared one where there is one.

option(FLOWZIP_SHARED "Build the shared library" ON)
option(FLOWZIP_STATIC "Build the static library" ON)

get_property(rooms GLOBAL PROPERTY FLOWZIP_ROOMS)
set(objects)
foreach(room ${rooms})
  list(APPEND objects $<TARGET_OBJECTS:${room}>)
endforeach()

# The libtool rule: raise it with every release that removes or changes a function.
set(FLOWZIP_SOVERSION 0)

foreach(kind shared static)
  string(TOUPPER ${kind} upper)
  if(NOT FLOWZIP_${upper})
    continue()
  endif()
  add_library(flowzip_${kind} ${upper} ${objects})
  set_target_properties(flowzip_${kind} PROPERTIES
    OUTPUT_NAME flowzip EXPORT_NAME flowzip LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION} SOVERSION ${FLOWZIP_SOVERSION})
  target_include_directories(flowzip_${kind} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${CMAKE_CURRENT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(flowzip_${kind} PRIVATE Threads::Threads)
  if(NOT TARGET flowzip::flowzip)
    add_library(flowzip::flowzip ALIAS flowzip_${kind})
  endif()
endforeach()

if(FLOWZIP_STATIC)
  target_compile_definitions(flowzip_static INTERFACE FLZ_STATIC)
endif()
if(FLOWZIP_LINK_SHARED)
  # Calls inside the library stay inside.
  target_link_options(flowzip_shared PRIVATE LINKER:-Bsymbolic-functions)
endif()
# The library for our own programs and tests, which see more of it than its header.
add_library(flowzip_codec INTERFACE)
if(FLOWZIP_LINK_SHARED)
  target_link_libraries(flowzip_codec INTERFACE flowzip_shared Threads::Threads flowzip_highway)
else()
  target_link_libraries(flowzip_codec INTERFACE flowzip_c_api)
endif()
if(FLOWZIP_SHARED)
  if(FLOWZIP_SANITIZE)
    target_link_options(flowzip_shared PRIVATE -fsanitize=${FLOWZIP_SANITIZE})
  elseif(NOT APPLE AND NOT WIN32)
    # Templates of the standard library ignore -fvisibility=hidden.
    set(script "${CMAKE_CURRENT_BINARY_DIR}/flowzip.map")
    set(private)
    if(FLOWZIP_LINK_SHARED)
      set(private "FLOWZIP_PRIVATE { global: _ZN7flowzip*; _ZNK7flowzip*; _ZT?N7flowzip*; _ZGVN7flowzip*; };\n")
    endif()
    file(CONFIGURE OUTPUT "${script}" CONTENT
         "FLOWZIP_${FLOWZIP_SOVERSION} { global: flz_*; local: *; };\n${private}")
    target_link_options(flowzip_shared PRIVATE "LINKER:--version-script=${script}"
                        LINKER:--no-undefined)
    set_property(TARGET flowzip_shared APPEND PROPERTY LINK_DEPENDS "${script}")
  endif()
endif()
