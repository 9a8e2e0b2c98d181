// The argument structs of the kernels, which are the same in every instruction set's namespace.
#pragma once

#define DROPWISE_ISA scalar
#include <dropwise/attention.hpp>
#include <dropwise/activation.hpp>
#include <dropwise/binary.hpp>
#include <dropwise/convolution.hpp>
#include <dropwise/copy.hpp>
#include <dropwise/dropout.hpp>
#include <dropwise/lstm.hpp>
#include <dropwise/gather.hpp>
#include <dropwise/mask-layout.hpp>
#include <dropwise/matmul.hpp>
#include <dropwise/normalize-grad.hpp>
#include <dropwise/optimizer.hpp>
#include <dropwise/pool.hpp>
#include <dropwise/reduce.hpp>
#include <dropwise/softmax.hpp>
#include <dropwise/unary.hpp>
#include <dropwise/where.hpp>
