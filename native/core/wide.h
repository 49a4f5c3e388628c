// Loops that the compiler turns into vectors, in one binary for every x86-64: the loader picks the
// widest registers that the machine has. Files with such loops are compiled with more (see
// CMakeLists.txt); a function that is called in one has to be a builtin, or part of it.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SPARRING_WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define SPARRING_WIDE
#endif

// A part of such a function, a lambda too: within it, and so compiled for all of these registers.
#define SPARRING_INLINE __attribute__((always_inline))

// Before a loop in such a function: what it writes is apart from what it reads, or in the same
// places. Unless told so, the compiler adds a second loop without vectors for the case that both
// begin within a vector of each other, as neighbours in memory may. With AVX-512 that one rounds
// otherwise, and the bits of a seed would depend on where the memory lies.
#if defined(__GNUC__) && !defined(__clang__)
#define SPARRING_APART _Pragma("GCC ivdep")
#else
#define SPARRING_APART
#endif

// Before a short loop of a known length, whose variables are to be registers.
#if defined(__clang__)
#define SPARRING_UNROLLED _Pragma("unroll")
#elif defined(__GNUC__)
#define SPARRING_UNROLLED _Pragma("GCC unroll 16")
#else
#define SPARRING_UNROLLED
#endif
