#include "core/bernoulli.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Dispatch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>

#include "core/wide.h"

namespace sparring {
namespace {

// mt19937 (Matsumoto and Nishimura 1998), with the names of the paper.
constexpr int kN = at::MERSENNE_STATE_N, kM = at::MERSENNE_STATE_M;

uint32_t twisted(uint32_t u, uint32_t v) {
  const uint32_t mixed = (u & at::UMASK) | (v & at::LMASK);
  return (mixed >> 1) ^ ((v & 1) * uint32_t{at::MATRIX_A});
}

SPARRING_WIDE void renew(uint32_t* state) {
  for (int i = 0; i < kN - kM; ++i) state[i] = state[i + kM] ^ twisted(state[i], state[i + 1]);
  for (int i = kN - kM; i < kN - 1; ++i) {
    state[i] = state[i + kM - kN] ^ twisted(state[i], state[i + 1]);
  }
  state[kN - 1] = state[kM - 1] ^ twisted(state[kN - 1], state[0]);
}

SPARRING_WIDE void temper(const uint32_t* state, int64_t count, uint32_t* numbers) {
  for (int64_t i = 0; i < count; ++i) {
    uint32_t y = state[i];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    numbers[i] = y ^ (y >> 18);
  }
}

// The next numbers of an engine, and the engine after them.
class Numbers {
 public:
  explicit Numbers(at::CPUGeneratorImpl& generator)
      : generator_(generator), engine_(generator.engine()), data_(engine_.data()) {}
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;
  ~Numbers() {
    engine_.set_data(data_);
    generator_.set_engine(engine_);
  }

  void take(int64_t count, uint32_t* into) {
    while (count > 0) {
      // The engine counts down before it takes one, so its last one is at 1.
      if (data_.left_ == 1) {
        renew(data_.state_.data());
        data_.left_ = kN + 1;
        data_.next_ = 0;
      }
      const int64_t some = std::min<int64_t>(count, data_.left_ - 1);
      temper(data_.state_.data() + data_.next_, some, into);
      data_.left_ -= static_cast<int>(some);
      data_.next_ += static_cast<uint32_t>(some);
      into += some;
      count -= some;
    }
  }

 private:
  at::CPUGeneratorImpl& generator_;
  at::mt19937 engine_;
  at::mt19937_data_pod data_;
};

// Digits of a double's fraction, which is what at::uniform_real_distribution<double> draws.
constexpr int kDigits = 53;

// Each value has two numbers, the upper one first.
template <class T>
SPARRING_WIDE void choose(const uint32_t* numbers, int64_t count, uint64_t limit, T kept, T* mask) {
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t both = (uint64_t{numbers[2 * i]} << 32) | numbers[2 * i + 1];
    mask[i] = (both & ((uint64_t{1} << kDigits) - 1)) < limit ? kept : T{0};
  }
}

template <class T>
void fill(T* mask, int64_t count, double probability, at::Generator& generator) {
  constexpr int64_t kSome = 256;
  std::array<uint32_t, 2 * kSome> numbers;
  const std::scoped_lock lock(generator.mutex());
  Numbers source(*at::check_generator<at::CPUGeneratorImpl>(generator));
  // A fraction below the probability, as whole numbers.
  const auto limit = static_cast<uint64_t>(std::ceil(std::ldexp(probability, kDigits)));
  const T kept = T{1} / static_cast<T>(probability);
  for (int64_t i = 0; i < count; i += kSome) {
    const int64_t some = std::min(kSome, count - i);
    source.take(2 * some, numbers.data());
    choose<T>(numbers.data(), some, limit, kept, mask + i);
  }
}

void fill(const at::Tensor& mask, double probability, at::Generator& generator) {
  AT_DISPATCH_FLOATING_TYPES(mask.scalar_type(), "draw_mask", [&] {
    fill<scalar_t>(mask.mutable_data_ptr<scalar_t>(), mask.numel(), probability, generator);
  });
}

// With MKL on Intel's processors libtorch draws by another engine. Asked of it, not of them: so
// this holds whatever a later libtorch does.
bool is_what_libtorch_draws() {
  at::Generator theirs = at::detail::createCPUGenerator(/*seed_val=*/0), ours = theirs.clone();
  const at::Tensor expected = at::empty({2 * kN}, at::kFloat), made = at::empty_like(expected);
  expected.bernoulli_(0.3, theirs).div_(0.3);
  fill(made, 0.3, ours);
  return at::equal(made, expected) && at::equal(ours.get_state(), theirs.get_state());
}

}  // namespace

void draw_mask(const at::Tensor& mask, double probability, at::Generator& generator) {
  const bool is_real = mask.scalar_type() == at::kFloat || mask.scalar_type() == at::kDouble;
  static const bool is_same = is_what_libtorch_draws();
  if (is_same && is_real && mask.is_cpu()) return fill(mask, probability, generator);
  if (is_same && mask.scalar_type() == at::kBFloat16 && mask.is_cpu()) {
    const at::Tensor real = at::empty(mask.sizes(), at::kFloat);
    fill(real, probability, generator);
    mask.copy_(real);
    return;
  }
  mask.bernoulli_(probability, generator).div_(probability);
}

}  // namespace sparring
