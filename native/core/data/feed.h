// Batches of images that come one after another and are nowhere as a whole: a queue between the
// thread that brings them and the engine's. Who brings them looks at ahead(), and keeps it short.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "core/torch.h"

namespace sparring {

class Feed {
 public:
  struct Options {
    std::vector<int64_t> image;  // [C, H, W], or of values any shape
    int64_t batch_size;
    int64_t shuffle;  // images that the next one is drawn from; 0: as they come
    uint64_t seed;    // of the drawing, with the number of the epoch
    bool labelled;
    bool drop_last = false;      // what is left of an epoch, where that is no whole batch
    bool exact = false;          // float32 that mean what they are, in place of bytes
    bool channels_last = false;  // images come as [H, W, C], and leave as [C, H, W]
  };
  // How far it was gone through: batches of an epoch, and a 53-bit hash of the images in them.
  struct Place {
    int64_t epoch = 0, batches = 0;
    uint64_t trace = 0;
  };
  struct Fed {
    at::Tensor images;  // uint8 or float [N, ...image]
    at::Tensor labels;  // uint8 [N], or undefined
    bool begins_epoch = false;
  };
  enum class State { kReady, kWaiting, kOver };

  explicit Feed(Options options);
  // Goes on at `from`: its epoch is brought from the beginning, and what was seen of it left out.
  Feed(Options options, const Place& from);

  // The thread that brings them. Images of the epoch, uint8 or float [N, ...image], and a label
  // each, uint8 [N]. Throws ERR_DATA where they are not those that led to the place it goes on at.
  void push(const at::Tensor& images, const at::Tensor& labels);
  // Ends the epoch: what is left of it becomes batches, of which the last may be smaller, or is
  // left out.
  void end_epoch();
  // Nothing more will come.
  void close();

  // Any thread. Batches that nobody has taken.
  int64_t ahead() const;
  // What was taken.
  Place place() const;
  // Whether so many batches are there.
  State state(int64_t batches) const;
  // Calls back, on some thread, once fewer than `limit` batches are ahead; for one who asks at a
  // time.
  void when_below(int64_t limit, std::function<void()> callback);
  // Whoever waits for that is called back now.
  void release();

  // The engine's thread. Only where state(1) is kReady.
  Fed next();

  int64_t batch_size() const { return options_.batch_size; }
  // A 64-bit hash of all options but the batch size. Never 0.
  uint64_t identity() const;

 private:
  struct Ready {
    Fed fed;
    Place after;
  };

  // Images in memory, and their labels.
  struct Buffer {
    at::Tensor images, labels;
    int64_t count = 0;
  };

  Buffer make_buffer(int64_t capacity) const;
  void copy_row(Buffer& to, int64_t at, const Buffer& from, int64_t index) const;
  void begin_epoch();
  // The next image of the epoch, in the order of its batches.
  void add(const Buffer& from, int64_t index);
  void finish_batch();
  // A batch whose channels come last with its channels first.
  at::Tensor turned(const at::Tensor& images) const;
  void hand_over(Ready ready);
  [[noreturn]] void refuse(const std::string& received) const;

  const Options options_;
  const Place from_;

  // What only the thread that brings images uses: the batch and epoch that it is at.
  Buffer batch_, pool_;
  int64_t epoch_, batches_ = 0;
  uint64_t trace_ = 0;
  std::mt19937_64 random_;

  mutable std::mutex mutex_;
  std::deque<Ready> ready_;
  Place place_;
  std::function<void()> below_;
  int64_t limit_ = 0;
  bool closed_ = false;
};

}  // namespace sparring
