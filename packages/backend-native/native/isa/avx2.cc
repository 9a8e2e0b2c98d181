// The kernels for x86 with AVX2 and FMA. Compiled with flags that nothing else of the addon gets.
#define DROPWISE_ISA avx2
#include <dropwise/lanes/avx2.hpp>
#define DROPWISE_LANES Avx2
#define DROPWISE_TABLE kAvx2Kernels
#include "table.inc.hpp"
