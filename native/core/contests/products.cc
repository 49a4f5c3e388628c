// Products of linear layers: by product(), whose rule says who multiplies, and by libtorch's BLAS.
#include "core/contests/contest.h"
#include "core/linalg/product.h"

namespace sparring {
namespace {

using Values = Contest::Values;

struct Sizes {
  int64_t rows, in, out;
};

Values by_rule(const Values& values) {
  const at::Tensor out = at::empty({values[0].size(0), values[1].size(1)}, values[0].options());
  product(out, values[0], values[1]);
  return {out};
}

Values by_blas(const Values& values) { return {at::mm(values[0], values[1])}; }

// A layer's three: of its input, its weight [out, in] and the gradient for its output.
std::vector<Contest> passes_of(const Sizes& size) {
  const auto [rows, in, out] = size;
  const auto drawn = [](int64_t height, int64_t width) { return at::randn({height, width}); };
  const std::string name =
      std::to_string(rows) + " rows, " + std::to_string(in) + " to " + std::to_string(out) + ": ";
  const double flops = 2.0 * rows * in * out;
  const auto contest = [&](const char* pass, std::function<Values()> draw) {
    return Contest{"products", name + pass, flops, std::move(draw), by_rule, by_blas};
  };
  return {
      contest("forward", [=] { return Values{drawn(rows, in), drawn(out, in).t()}; }),
      contest("for the input", [=] { return Values{drawn(rows, out), drawn(out, in)}; }),
      contest("for the weight", [=] { return Values{drawn(rows, out).t(), drawn(rows, in)}; }),
  };
}

}  // namespace

std::vector<Contest> product_contests(int64_t batch) {
  std::vector<Contest> all;
  // The toy's, the MLPs', a critic's with a penalty, those of 1,024, and a 1x1 convolution.
  for (const Sizes& size : {Sizes{batch, 32, 32},
                            {batch, 784, 512},
                            {2 * batch, 512, 256},
                            {batch, 1024, 784},
                            {3 * batch, 784, 512},
                            {batch, 1024, 1024},
                            {16 * batch, 1024, 1024},
                            {1024 * batch, 64, 64}}) {
    for (Contest& one : passes_of(size)) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace sparring
