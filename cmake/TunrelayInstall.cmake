# SPDX-License-Identifier: MIT
# What `cmake --install` puts where, with packages for find_package(tunrelay) and for pkg-config.
# Components: `program`; `stage`, the headers that stages are written against, which need nothing
# built; `library`, libtunrelay.so as programs load it; `development`, what programs are built with
# against it, which stands on the other two.
if(NOT DEFINED CMAKE_INSTALL_LIBDIR AND EXISTS /etc/debian_version AND CMAKE_LIBRARY_ARCHITECTURE)
  # CMake does so for the prefix /usr alone; ld.so and pkg-config look there below /usr/local as well.
  set(CMAKE_INSTALL_LIBDIR lib/${CMAKE_LIBRARY_ARCHITECTURE} CACHE PATH "Libraries")
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/tunrelay)
set(PKGCONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS tunrelay RUNTIME COMPONENT program)
install(FILES LICENSE README.md CHANGELOG.md docs/guide.md docs/containers.md DESTINATION ${CMAKE_INSTALL_DOCDIR}
        COMPONENT program)
set(COMPLETION src/cli/completion)
install(FILES ${COMPLETION}/tunrelay.bash RENAME tunrelay
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT program)
install(FILES ${COMPLETION}/_tunrelay
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT program)
install(FILES ${COMPLETION}/tunrelay.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT program)
# Below lib/, whatever CMAKE_INSTALL_LIBDIR is: systemd and NetworkManager look there.
install(FILES service/tunrelay@.service DESTINATION lib/systemd/system COMPONENT program)
install(FILES service/sysusers.conf RENAME tunrelay.conf DESTINATION lib/sysusers.d
        COMPONENT program)
install(FILES service/tmpfiles.conf RENAME tunrelay.conf DESTINATION lib/tmpfiles.d
        COMPONENT program)
install(FILES service/unmanaged.network RENAME 50-tunrelay.network
        DESTINATION lib/systemd/network COMPONENT program)
install(FILES service/NetworkManager.conf RENAME 50-tunrelay.conf
        DESTINATION lib/NetworkManager/conf.d COMPONENT program)
install(PROGRAMS service/extcap RENAME tunrelay
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/wireshark/extcap COMPONENT program)
install(FILES service/lab.toml service/networkd.conf DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
        COMPONENT program)
install(DIRECTORY service/kubernetes DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT program)
install(DIRECTORY src/link/profiles src/scenario/scenarios
        DESTINATION ${CMAKE_INSTALL_DATADIR}/tunrelay COMPONENT program)
install(FILES docs/grafana/tunrelay.json DESTINATION ${CMAKE_INSTALL_DOCDIR}/grafana
        COMPONENT program)
install(FILES docs/prometheus/alerts.yml DESTINATION ${CMAKE_INSTALL_DOCDIR}/prometheus
        COMPONENT program)
install(FILES src/result/result.schema.json src/record/record.schema.json
        DESTINATION ${CMAKE_INSTALL_DATADIR}/tunrelay
        COMPONENT program)

target_include_directories(tunrelay_stage_headers INTERFACE
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(tunrelay_stage_headers INTERFACE cxx_std_20)
set_target_properties(tunrelay_stage_headers PROPERTIES EXPORT_NAME stage)
set_target_properties(tunrelay_shared PROPERTIES EXPORT_NAME tunrelay)
install(TARGETS tunrelay_stage_headers EXPORT tunrelay_stage COMPONENT stage)
install(TARGETS tunrelay_shared EXPORT tunrelay_shared
        LIBRARY COMPONENT library NAMELINK_COMPONENT development)
install(TARGETS tunrelay_static EXPORT tunrelay_static ARCHIVE COMPONENT development)
foreach(EXPORT stage shared static)
  set(COMPONENT development)
  if(EXPORT STREQUAL "stage")
    set(COMPONENT stage)
  endif()
  install(EXPORT tunrelay_${EXPORT} FILE tunrelay-${EXPORT}.cmake NAMESPACE tunrelay::
          DESTINATION ${PACKAGE_DIR} COMPONENT ${COMPONENT})
endforeach()
install(DIRECTORY src/plugin/tunrelay
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT stage)
install(DIRECTORY src/embed/tunrelay
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(FILES src/plugin/README.md RENAME stages.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT stage)
install(FILES src/embed/README.md RENAME embedding.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT stage)

configure_package_config_file(cmake/tunrelay-config.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/tunrelay-config.cmake INSTALL_DESTINATION ${PACKAGE_DIR})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/tunrelay-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tunrelay-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/tunrelay-config-version.cmake
        DESTINATION ${PACKAGE_DIR} COMPONENT stage)

# From where they stand, so that they hold wherever `cmake --install --prefix` puts them.
string(REGEX REPLACE "[^/]+" ".." UP_TO_PREFIX ${PKGCONFIG_DIR})
list(TRANSFORM TUNRELAY_STATIC_NEEDS PREPEND -l OUTPUT_VARIABLE STATIC_NEEDS)
string(JOIN " " STATIC_NEEDS ${STATIC_NEEDS})
foreach(PACKAGE tunrelay tunrelay-stage)
  configure_file(cmake/${PACKAGE}.pc.in ${CMAKE_CURRENT_BINARY_DIR}/${PACKAGE}.pc @ONLY)
endforeach()
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tunrelay-stage.pc
        DESTINATION ${PKGCONFIG_DIR} COMPONENT stage)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tunrelay.pc
        DESTINATION ${PKGCONFIG_DIR} COMPONENT development)
