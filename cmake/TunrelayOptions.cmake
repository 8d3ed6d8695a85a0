# SPDX-License-Identifier: MIT
# Warnings, sanitizers and the compiler cache, as one interface target.
add_library(tunrelay_options INTERFACE)
target_compile_options(tunrelay_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast>
  $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual> -Wcast-qual -Wformat=2 -Wundef)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 warns of overlapping copies inside std::string where there are none (GCC bug 105329).
  target_compile_options(tunrelay_options INTERFACE -Wno-restrict)
endif()
if(TUNRELAY_WERROR)
  target_compile_options(tunrelay_options INTERFACE -Werror)
endif()
if(TUNRELAY_SANITIZE)
  target_compile_options(tunrelay_options INTERFACE
    -fsanitize=${TUNRELAY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code hides initialisations from g++ 12, even in its own <regex>.
    target_compile_options(tunrelay_options INTERFACE -Wno-maybe-uninitialized)
    # The fences of moodycamel's queue: g++ warns that ThreadSanitizer does not model them.
    target_compile_options(tunrelay_options INTERFACE -Wno-tsan)
  endif()
  target_link_options(tunrelay_options INTERFACE -fsanitize=${TUNRELAY_SANITIZE})
endif()
find_package(Threads REQUIRED)
target_link_libraries(tunrelay_options INTERFACE Threads::Threads)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
