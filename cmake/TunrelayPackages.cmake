# SPDX-License-Identifier: MIT
# Debian packages of what is installed, by `cpack` in the build folder:
#   tunrelay         component program
#   libtunrelay0     component library
#   libtunrelay-dev  components development and stage
#   python3-tunrelay component python, where that is built
# What Debian wants of them beyond that (compressed manual pages, copyright, changelog) is put in by
# cmake/DebianStaging.cmake and cmake/DebianTriggers.cmake. The same commit makes the same bytes: times are those of
# SOURCE_DATE_EPOCH, which is the commit's where it is not set.
set(TUNRELAY_MAINTAINER "The tunrelay authors <tunrelay@example.org>" CACHE STRING
    "Who packages tunrelay, for the packages' control files")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tunrelay)
set(CPACK_PACKAGE_VENDOR "The tunrelay authors")
set(CPACK_PACKAGE_CONTACT ${TUNRELAY_MAINTAINER})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has its own
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/PackageTime.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/DebianStaging.cmake)
set(CPACK_POST_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/DebianTriggers.cmake)
# For these.
set(CPACK_TUNRELAY_SOURCE ${PROJECT_SOURCE_DIR})

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENTS_ALL program library development stage)
set(CPACK_COMPONENT_PROGRAM_GROUP program)
set(CPACK_COMPONENT_LIBRARY_GROUP library)
set(CPACK_COMPONENT_DEVELOPMENT_GROUP development)
set(CPACK_COMPONENT_STAGE_GROUP development)
if(TUNRELAY_PYTHON)
  list(APPEND CPACK_COMPONENTS_ALL python)
  set(CPACK_COMPONENT_PYTHON_GROUP python)
endif()

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME tunrelay)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "iproute2, iputils-ping, iperf3")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "libtunrelay-dev, tshark | wireshark")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/debian/tunrelay/postinst
    ${CMAKE_CURRENT_LIST_DIR}/debian/tunrelay/postrm)
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION
"two TUN or TAP interfaces of one host, joined in user space
Ordinary programs talk across a link whose every packet passes through a
relay in user space. It does the routing as well, proves that traffic crosses
the tunnel, and restores the host at the end. For benchmarks on one machine,
emulated links (delay, loss, rate), regression tests in CI, and prototypes of
protocols.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libtunrelay${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION
"tunnel between two TUN or TAP interfaces, as a library
Programs hold a tunnel themselves by libtunrelay: its options, its reports and
stages of their own, behind a C boundary. This is the shared library.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libtunrelay-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
# With the packages behind TUNRELAY_STATIC_NEEDS, for libtunrelay.a.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libtunrelay${PROJECT_VERSION_MAJOR} (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
string(APPEND CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
       ", libfmt-dev, libhwloc-dev, libmicrohttpd-dev, libmnl-dev, libpcap-dev, libseccomp-dev"
       ", liburing-dev, prometheus-cpp-dev, zlib1g-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
"tunnel between two TUN or TAP interfaces, development files
Headers and the static library of libtunrelay, and the headers that stages of
your own are written against for tunrelay and for libtunrelay alike, with
packages for CMake and pkg-config, guides and examples.")

set(CPACK_DEBIAN_PYTHON_PACKAGE_NAME python3-tunrelay)
set(CPACK_DEBIAN_PYTHON_PACKAGE_SECTION python)
# Its module keeps to the stable ABI of Python 3.9, and holds the library itself.
set(CPACK_DEBIAN_PYTHON_PACKAGE_DEPENDS "python3 (>= 3.9), python3-cffi-backend")
set(CPACK_DEBIAN_PYTHON_PACKAGE_RECOMMENDS tunrelay)
set(CPACK_DEBIAN_PYTHON_PACKAGE_SUGGESTS "python3-pytest, python3-scapy, python3-pandas")
set(CPACK_DEBIAN_PYTHON_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/debian/python3-tunrelay/postinst
    ${CMAKE_CURRENT_LIST_DIR}/debian/python3-tunrelay/prerm)
set(CPACK_DEBIAN_PYTHON_DESCRIPTION
"tunnel between two TUN or TAP interfaces, for Python
Programs and tests in Python hold a tunnel with an emulated link, run commands
in its private network, and read its counters. Stages of a protocol can be
written in Python, and run in virtual time as well. Brings a pytest plug-in
with the fixture tunnel.")

include(CPack)
