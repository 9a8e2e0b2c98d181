// What every header of the kernels needs first. No header here includes anything of the C++ library but <cstddef> and <cstdint>:
// these files are compiled several times into one program, with different instruction sets, and a shared inline function of the
// library could end up in its AVX-512 form on a machine without it.
#pragma once

#include <cstddef>
#include <cstdint>

// The name of the instruction set being compiled for. All templates live in a namespace of that name, so that the linker cannot
// merge two instantiations of one template that were compiled with different instructions.
#ifndef DROPWISE_ISA
#error "define DROPWISE_ISA (the name of the instruction set) before including a dropwise header"
#endif
#define DROPWISE_BEGIN namespace dropwise { namespace DROPWISE_ISA {
#define DROPWISE_END } }

#if defined(_MSC_VER) && !defined(__clang__)
#define DROPWISE_INLINE static __forceinline
#define DROPWISE_MEMBER __forceinline
#define DROPWISE_NOINLINE __declspec(noinline)
#else
#define DROPWISE_INLINE static inline __attribute__((always_inline, unused))
#define DROPWISE_MEMBER inline __attribute__((always_inline))
#define DROPWISE_NOINLINE __attribute__((noinline))
#endif

// For functions of some length that are used in many places: a call in WebAssembly, where a module is sent to people, inline elsewhere.
#if defined(__wasm__)
#define DROPWISE_SHARED static __attribute__((noinline, unused))
#define DROPWISE_SHARED_MEMBER DROPWISE_NOINLINE
#else
#define DROPWISE_SHARED_MEMBER DROPWISE_MEMBER
#define DROPWISE_SHARED DROPWISE_INLINE
#endif

// Loops over the registers of a kernel must vanish, or the registers become an array in memory.
#if defined(__clang__)
#define DROPWISE_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define DROPWISE_UNROLL _Pragma("GCC unroll 64")
#else
#define DROPWISE_UNROLL
#endif

// Hides where a pointer came from. In a loop it keeps clang from rewriting addresses, so that constant offsets go into the instructions.
#if defined(__clang__) || defined(__GNUC__)
#define DROPWISE_OPAQUE(pointer) __asm__ volatile("" : "+r"(pointer))
#define DROPWISE_OPAQUE_VECTOR(vector, constraint) __asm__("" : "+" constraint(vector))
#else
#define DROPWISE_OPAQUE(pointer) (void)(pointer)
#define DROPWISE_OPAQUE_VECTOR(vector, constraint) (void)(vector)
#endif

DROPWISE_BEGIN

/// A function that is called by its place in a table, whatever the compiler knows of it: in WebAssembly a second module puts functions that multiply and add in
/// one step into the places of those that do not.
template <class Function>
DROPWISE_INLINE Function* replaceable(Function* function) {
#if defined(__wasm__)
  __asm__("" : "+r"(function));
#endif
  return function;
}

/// Whether code is sent to people, and better small: then a branch in a loop stands for a loop of its own.
#if defined(__wasm__)
constexpr bool kIsCompact = true;
#else
constexpr bool kIsCompact = false;
#endif

/// Constants that are read from memory where they are used. In WebAssembly a constant vector takes 18 bytes of code and an engine several instructions, each
/// time that a loop comes by; the compiler would make one of what it can see.
DROPWISE_INLINE const float* inMemory(const float* constants) {
#if defined(__wasm__)
  __asm__("" : "+r"(constants));
#endif
  return constants;
}

/// The dimensions that a strided kernel can walk, after neighbouring ones were merged.
constexpr int kMaxRank = 8;

template <class T>
DROPWISE_INLINE constexpr T smaller(T a, T b) { return a < b ? a : b; }
template <class T>
DROPWISE_INLINE constexpr T larger(T a, T b) { return a < b ? b : a; }

/// Parts of `size` that n comes to, the last of which may be smaller.
DROPWISE_INLINE constexpr size_t partsOf(size_t n, size_t size) { return (n + size - 1) / size; }

/// A vector that can be calculated with by operators, of any number of lanes: for what is needed in one place only, where a member of every lane type would
/// be too much. Vectors of one size may be cast into each other.
template <class T, int kCount>
struct VectorOf {
  typedef T Type __attribute__((vector_size(sizeof(T) * kCount)));
};
template <class T>
struct VectorOf<T, 1> {
  using Type = T;
};

DROPWISE_INLINE uint32_t bitsOf(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

DROPWISE_INLINE float floatOf(uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

DROPWISE_END
