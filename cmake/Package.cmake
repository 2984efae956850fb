# SPDX-License-Identifier: Apache-2.0
# `make deb`: one Debian package with all that is installed.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME seaworthy)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The Seaworthy authors <seaworthy@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "checker for Raft clusters, and a replicated key-value server")
set(CPACK_PACKAGE_DESCRIPTION
"seaworthy runs an unmodified cluster of any Raft implementation behind a
transparent monitor, injects faults, drives clients and judges what it saw.
raftkv is a replicated key-value server that Redis clients can use.
libseaworthy_raft is its Raft for your own programs in C and C++.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/package)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS python3)  # Of raftkv-roll.
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)  # For programs that link libseaworthy_raft.
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/postinst
    ${PROJECT_SOURCE_DIR}/packaging/debian/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "etcd-server, redis-tools")
include(CPack)
