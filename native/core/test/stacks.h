// What threads have that are made without a size for their stack: what `ulimit -s` was, at first.
#pragma once

#include <pthread.h>

#include <cstddef>

namespace sparring::test {

constexpr size_t kUsualStack = 8 << 20;

inline void give_stacks(size_t bytes) {
  pthread_attr_t usual;
  pthread_getattr_default_np(&usual);
  pthread_attr_setstacksize(&usual, bytes);
  pthread_setattr_default_np(&usual);
  pthread_attr_destroy(&usual);
}

// As long as it lives no thread can be made: there is not as much room as its stack would take.
class NoThreads {
 public:
  NoThreads() { give_stacks(size_t{1} << 46); }
  ~NoThreads() { give_stacks(kUsualStack); }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;
};

}  // namespace sparring::test
