#!/bin/sh
# addon.sh PLATFORM: builds the addons on this machine, runs the tests that they take part in, and packages each in the folder npm of its package.
set -eu
# In a container, the files belong to someone else, which git would refuse.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
npm ci --ignore-scripts
# MPI is opened as on POSIX: there is none of it for Windows.
case "$1" in
win32-*) packages="backend-native" ;;
*) packages="backend-native distributed" ;;
esac
# A project is left out where its addon cannot be built; to name it makes that an error.
npm test -- --project @dropwise/core --project addon $(printf -- '--project @dropwise/%s ' $packages)
for package in $packages; do node "packages/$package/scripts/platform-package.mjs" "$1"; done
