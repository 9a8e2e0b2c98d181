#!/bin/sh
# addon.sh PLATFORM: builds the addon on this machine, runs the tests that it takes part in, and packages it in packages/backend-native/npm.
set -eu
# In a container, the files belong to someone else, which git would refuse.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
npm ci --ignore-scripts
# Its project is left out where the addon cannot be built; to name it makes that an error.
npm test -- --project @dropwise/core --project @dropwise/backend-native
node packages/backend-native/scripts/platform-package.mjs "$1"
