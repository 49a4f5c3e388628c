// Kernels made wide in one pass are those that libtorch's operations make.
#include "core/step/rewrites/wide_kernels.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/test/check.h"  // last: see there

using namespace sparring;

namespace {

// Each kernel convolved with ones(2, 2), by libtorch's convolution of one channel.
at::Tensor convolved(const at::Tensor& kernels, bool turned, double factor) {
  const at::Tensor one = turned ? kernels.flip({2, 3}) : kernels;
  const at::Tensor all = one.reshape({-1, 1, 3, 3});
  const at::Tensor wide =
      at::conv2d(all, at::ones({1, 1, 2, 2}, kernels.options()), {}, 1, at::IntArrayRef{1, 1});
  return wide.reshape({kernels.size(0), kernels.size(1), 4, 4}) * factor;
}

at::Tensor gradient_of(const at::Tensor& output, const at::Tensor& input, const at::Tensor& outer) {
  return torch::autograd::grad({output}, {input}, {outer}, true, /*create_graph=*/true)[0];
}

void check_same(const at::Tensor& left, const at::Tensor& right, double within) {
  CHECK((left.sizes() == right.sizes()));
  CHECK((left - right).abs().max().item<double>() <= within);
}

// Values, the gradient, and that one's own derivative for what comes back.
void check_all(const at::Tensor& kernels, bool turned, double factor, bool transposed) {
  const at::Tensor left = kernels.detach().requires_grad_();
  const at::Tensor right = kernels.detach().requires_grad_();
  at::Tensor ours = wide_kernels(left, turned, factor);
  at::Tensor theirs = convolved(right, turned, factor);
  if (transposed) {
    ours = ours.transpose(0, 1);
    theirs = theirs.transpose(0, 1);
  }
  check_same(ours, theirs, 1e-14);
  // As it comes from a convolution whose weight was transposed.
  const at::Tensor outer = at::randn(ours.sizes(), ours.options()).requires_grad_();
  const at::Tensor back = gradient_of(ours, left, outer);
  const at::Tensor expected = gradient_of(theirs, right, outer);
  check_same(back, expected, 1e-14);
  CHECK(back.is_contiguous());
  const at::Tensor more = at::randn(back.sizes(), back.options());
  check_same(gradient_of(back, outer, more), gradient_of(expected, outer, more), 1e-14);
}

}  // namespace

TEST_CASE("kernels made wide equal convolutions with ones: values and both derivatives") {
  const int before = at::get_num_threads();
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    // The last has work for several threads, and shares that begin within a row.
    for (const auto& [outer, inner] :
         {std::pair<int64_t, int64_t>{1, 1}, {2, 3}, {5, 1}, {61, 83}}) {
      CAPTURE(threads);
      CAPTURE(outer);
      const at::Tensor kernels = at::randn({outer, inner, 3, 3}, at::kDouble);
      for (const bool turned : {false, true}) {
        for (const bool transposed : {false, true}) {
          check_all(kernels, turned, 1, transposed);
          check_all(kernels, turned, 0.25, transposed);
        }
      }
    }
  }
  at::set_num_threads(before);
}

TEST_CASE("kernels made wide may lie in any order, and be of other types") {
  const at::Tensor kernels = at::randn({4, 6, 3, 3}, at::kDouble);
  check_all(kernels.transpose(0, 1), true, 1, false);
  check_all(kernels.contiguous(at::MemoryFormat::ChannelsLast), true, 1, false);
  check_all(kernels.transpose(2, 3), false, 0.25, true);
  check_all(kernels.narrow(1, 1, 3), false, 1, false);
  check_same(wide_kernels(kernels.to(at::kFloat), true, 0.25).to(at::kDouble),
             convolved(kernels, true, 0.25), 1e-6);
  const at::Tensor halves = wide_kernels(kernels.to(at::kBFloat16), true, 0.25);
  CHECK((halves.scalar_type() == at::kBFloat16));
  check_same(halves.to(at::kDouble), convolved(kernels, true, 0.25), 2e-2);
}
