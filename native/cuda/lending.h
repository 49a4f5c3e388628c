// Apart from CUDA, so that who has what is tested without a GPU.
#pragma once

#include <map>
#include <mutex>
#include <vector>

namespace sparring {

// Things of which each thread has one of its own for a key, for as long as it lives: afterwards it
// is the next thread's. So there are never more of them than there were threads at a time.
template <class Key, class Thing>
class Lending {
 public:
  // This thread's; `make()` gives a new one where none was left by another.
  template <class Make>
  static Thing of_thread(const Key& key, const Make& make) {
    thread_local Own own;
    const auto found = own.things.find(key);
    if (found != own.things.end()) return found->second;
    return own.things.emplace(key, take(key, make)).first->second;
  }

 private:
  struct Own {
    ~Own() {
      const std::lock_guard<std::mutex> lock(left().mutex);
      for (const auto& [key, thing] : things) left().things[key].push_back(thing);
    }
    std::map<Key, Thing> things;
  };

  struct Left {
    std::mutex mutex;
    std::map<Key, std::vector<Thing>> things;
  };

  // Never destroyed: the first thread ends after all that is static.
  static Left& left() {
    static Left& all = *new Left();
    return all;
  }

  template <class Make>
  static Thing take(const Key& key, const Make& make) {
    {
      const std::lock_guard<std::mutex> lock(left().mutex);
      std::vector<Thing>& spare = left().things[key];
      if (!spare.empty()) {
        const Thing thing = spare.back();
        spare.pop_back();
        return thing;
      }
    }
    return make();
  }
};

}  // namespace sparring
