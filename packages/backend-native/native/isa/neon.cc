// The kernels for 64-bit ARM.
#define DROPWISE_ISA neon
#include <dropwise/lanes/neon.hpp>
#define DROPWISE_LANES Neon
#define DROPWISE_TABLE kNeonKernels
#include "table.inc.hpp"
