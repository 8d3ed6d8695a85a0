# SPDX-License-Identifier: MIT
# The libraries that tools/packages.txt lists, each as an imported target. All come
# from the distribution; nothing is downloaded.
find_package(PkgConfig REQUIRED)
pkg_check_modules(liburing REQUIRED IMPORTED_TARGET liburing)
pkg_check_modules(hwloc REQUIRED IMPORTED_TARGET hwloc)
pkg_check_modules(libmnl REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(libcapng REQUIRED IMPORTED_TARGET libcap-ng)
pkg_check_modules(libseccomp REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(libsystemd REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(libpcap REQUIRED IMPORTED_TARGET libpcap)
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(libmicrohttpd REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(ncursesw REQUIRED IMPORTED_TARGET ncursesw)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(ZLIB REQUIRED)
# Only its headers are used, whose path CMake's own module (gone with CMake 3.30) and Boost's
# configuration file both say.
if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)
endif()
find_package(Boost 1.74 REQUIRED)

# Since 1.0.4 its headers are in a folder of their own.
find_path(CONCURRENTQUEUE_FOLDER concurrentqueue.h REQUIRED
          PATH_SUFFIXES concurrentqueue/moodycamel concurrentqueue)
add_library(concurrentqueue INTERFACE IMPORTED)
target_include_directories(concurrentqueue SYSTEM INTERFACE ${CONCURRENTQUEUE_FOLDER})

if(TUNRELAY_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(TUNRELAY_BENCH)
  find_package(benchmark REQUIRED)
endif()
