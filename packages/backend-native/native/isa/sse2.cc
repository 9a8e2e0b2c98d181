// The kernels for every 64-bit x86 processor.
#define DROPWISE_ISA sse2
#include <dropwise/lanes/sse2.hpp>
#define DROPWISE_LANES Sse2
#define DROPWISE_TABLE kSse2Kernels
#include "table.inc.hpp"
