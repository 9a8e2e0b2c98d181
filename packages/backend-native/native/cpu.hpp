// What this processor and its operating system can run.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kernel-table.hpp"

namespace dropwise {

/// The tables that run here, best first. The last is always the scalar one.
std::vector<const KernelTable*> availableKernels();

/// The bytes of the largest cache, or a usual size where the system does not tell.
size_t cacheBytes();

}  // namespace dropwise
