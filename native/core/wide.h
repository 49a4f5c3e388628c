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
