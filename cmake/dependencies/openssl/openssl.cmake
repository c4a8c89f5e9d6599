# OpenSSL: CPython's _ssl and _hashlib. Compiled with the redirect header, so that it can open certificates in the
# snapshot. Asynchronous jobs and locked memory do not work on musl.
pypkg_require(PYPKG_OPENSSL_TARGET PYPKG_REDIRECT)
configure_file("${CMAKE_CURRENT_LIST_DIR}/install-openssl.sh" "${CMAKE_CURRENT_BINARY_DIR}/install-openssl.sh" COPYONLY)
separate_arguments(openssl_cflags UNIX_COMMAND "${PYPKG_CFLAGS} ${PYPKG_HARDENING_CFLAGS} ${PYPKG_OPENSSL_CFLAGS}")
pypkg_add_foreign(openssl
  SOURCE "${PYPKG_SOURCE_openssl}"
  KEY "${PYPKG_KEY_openssl}"
  HEADER "${PYPKG_REDIRECT}"
  CONFIGURE perl "${PYPKG_SOURCE_openssl}/Configure" "${PYPKG_OPENSSL_TARGET}"
            --prefix=/usr --libdir=lib --openssldir=/etc/ssl
            no-shared no-tests no-apps no-docs no-async no-engine no-legacy no-module no-ui-console no-quic no-afalgeng
            CC=pypkg-cc-redirected AR=pypkg-ar RANLIB=pypkg-ranlib
            -DOPENSSL_NO_ASYNC -DOPENSSL_NO_SECURE_MEMORY ${openssl_cflags}
  BUILD make "-j${PYPKG_JOBS}" build_generated libcrypto.a libssl.a
  INSTALL sh "${CMAKE_CURRENT_BINARY_DIR}/install-openssl.sh" "${PYPKG_SOURCE_openssl}" "${PYPKG_PREFIX}")
