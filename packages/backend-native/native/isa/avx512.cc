// The kernels for x86 with AVX-512 F, BW, DQ and VL. Compiled with flags that nothing else of the addon gets.
#define DROPWISE_ISA avx512
#include <dropwise/lanes/avx512.hpp>
#define DROPWISE_LANES Avx512
#define DROPWISE_TABLE kAvx512Kernels
#include "table.inc.hpp"
