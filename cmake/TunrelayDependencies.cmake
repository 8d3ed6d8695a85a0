# The libraries that tools/packages.txt lists, each as an imported target. All come
# from the distribution; nothing is downloaded.
find_package(PkgConfig REQUIRED)
pkg_check_modules(liburing REQUIRED IMPORTED_TARGET liburing)
pkg_check_modules(hwloc REQUIRED IMPORTED_TARGET hwloc)
pkg_check_modules(libmnl REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(libcapng REQUIRED IMPORTED_TARGET libcap-ng)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.74 REQUIRED)

find_path(CONCURRENTQUEUE_INCLUDE concurrentqueue/concurrentqueue.h REQUIRED)
add_library(concurrentqueue INTERFACE IMPORTED)
target_include_directories(concurrentqueue SYSTEM INTERFACE ${CONCURRENTQUEUE_INCLUDE})

if(TUNRELAY_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(TUNRELAY_BENCH)
  find_package(benchmark REQUIRED)
endif()
