#!/bin/sh
# Prints the path of the built server. Usage: binary.sh [PROFILE]
set -eu
case "${1:-dev}" in
dev) folder=debug ;;
*) folder=$1 ;;
esac
target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
printf '%s\n' "$target/$folder/parlor"
