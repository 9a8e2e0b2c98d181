// The kernels for any processor; also what the others are tested against.
#define DROPWISE_ISA scalar
#include <dropwise/lanes/scalar.hpp>
#define DROPWISE_LANES Scalar
#define DROPWISE_TABLE kScalarKernels
#include "table.inc.hpp"
