# SPDX-License-Identifier: MIT
# libtunrelay: the modules that a tunnel needs as one library, for users' own programs
# (embed/tunrelay/tunnel.hpp). The modules' objects are taken as they are, compiled once.
#   tunrelay_shared   libtunrelay.so, which says nothing but the functions of tunnel_abi.h
#   tunrelay_static   libtunrelay.a, one archive; it wants TUNRELAY_STATIC_NEEDS beside it

# As the linker knows them. They are the distribution's, as shared libraries.
set(TUNRELAY_STATIC_NEEDS fmt hwloc uring mnl pcap prometheus-cpp-core microhttpd seccomp z pthread
                          ${CMAKE_DL_LIBS})

# All modules that MODULE links, itself first.
function(tunrelay_modules_below MODULE RESULT)
  set(MODULES ${MODULE})
  set(LEFT ${MODULE})
  while(LEFT)
    list(POP_FRONT LEFT NEXT)
    get_target_property(LINKED ${NEXT} LINK_LIBRARIES)
    foreach(OTHER IN LISTS LINKED)
      if(TARGET ${OTHER} AND NOT OTHER IN_LIST MODULES)
        get_target_property(TYPE ${OTHER} TYPE)
        get_target_property(IMPORTED ${OTHER} IMPORTED)
        if(TYPE STREQUAL "STATIC_LIBRARY" AND NOT IMPORTED)
          list(APPEND MODULES ${OTHER})
          list(APPEND LEFT ${OTHER})
        endif()
      endif()
    endforeach()
  endwhile()
  set(${RESULT} ${MODULES} PARENT_SCOPE)
endfunction()

tunrelay_modules_below(tunrelay_embed MODULES)
list(TRANSFORM MODULES REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE OBJECTS)

add_library(tunrelay_static STATIC ${OBJECTS})
set_target_properties(tunrelay_static PROPERTIES OUTPUT_NAME tunrelay LINKER_LANGUAGE CXX)

add_library(tunrelay_shared SHARED $<TARGET_OBJECTS:tunrelay_embed>)
set(SYMBOLS ${PROJECT_SOURCE_DIR}/src/embed/libtunrelay.map)
set_target_properties(tunrelay_shared PROPERTIES OUTPUT_NAME tunrelay LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LINK_DEPENDS ${SYMBOLS})
target_link_libraries(tunrelay_shared PRIVATE tunrelay_embed)
target_link_options(tunrelay_shared PRIVATE -Wl,--version-script=${SYMBOLS} -Wl,--as-needed)
foreach(LIBRARY tunrelay_static tunrelay_shared)
  # Installed, all public headers stand in one folder.
  target_link_libraries(${LIBRARY} INTERFACE tunrelay_stage_headers
    $<BUILD_INTERFACE:tunrelay_tunnel_headers>)
  set_target_properties(${LIBRARY} PROPERTIES
    ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endforeach()
target_link_libraries(tunrelay_static INTERFACE ${TUNRELAY_STATIC_NEEDS})
