#!/bin/sh
# A tool in the snapshot.
echo "tool $*"
