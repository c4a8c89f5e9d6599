#!/bin/sh
# Copies OpenSSL's libraries and headers from its build folder (the current one) into the prefix: its own
# install target also wants programs and manuals that were not built.
# usage: install-openssl.sh SOURCE PREFIX
set -eu
source=$1
prefix=$2
mkdir -p "$prefix/lib" "$prefix/include/openssl"
cp libcrypto.a libssl.a "$prefix/lib/"
cp "$source"/include/openssl/*.h include/openssl/*.h "$prefix/include/openssl/"
