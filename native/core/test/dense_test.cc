#include <ATen/Parallel.h>

#include <cmath>
#include <iterator>
#include <limits>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "core/linalg/product.h"
#include "core/step/dense/kernels.h"
#include "core/step/dense/row_kernels.h"
#include "core/step/dense/tanh.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// Values around a matrix that nobody may look at.
constexpr int64_t kBeside = 64;

// A drawn matrix among NaN: in rows, in columns, each with or without room between them, of every
// second value, or of one row again and again.
at::Tensor strewn(int64_t rows, int64_t columns, size_t layout, const at::TensorOptions& options,
                  at::Generator& generator) {
  const Shape layouts[] = {{columns, 1},  {columns + 3, 1}, {1, rows},
                           {1, rows + 5}, {2 * columns, 2}, {0, 1}};
  const Shape& strides = layouts[layout % std::size(layouts)];
  const int64_t span = (rows - 1) * strides[0] + (columns - 1) * strides[1] + 1;
  const at::Tensor all = at::full({span + 2 * kBeside}, std::nan(""), options);
  const int64_t written = strides[0] == 0 ? 1 : rows;
  all.as_strided({written, columns}, strides, kBeside).normal_(0, 1, generator);
  return all.as_strided({rows, columns}, strides, kBeside);
}

}  // namespace

TEST_CASE("products equal at::mm, small and large, of any strides, and can be added up") {
  RandomStream stream(3);
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    for (const int64_t size : {3, 40, 200}) {
      const auto draw = [&](const Shape& shape) {
        return at::randn(shape, stream.cpu(), at::TensorOptions(type));
      };
      const at::Tensor a = draw({size, size + 1}), b = draw({size + 1, size + 2});
      const at::Tensor a_across = a.t().contiguous().t(), b_across = b.t().contiguous().t();
      const at::Tensor expected = at::mm(a.to(at::kDouble), b.to(at::kDouble));
      const double bound = type == at::kFloat ? 1e-5 : 1e-12;
      for (const at::Tensor& left : {a, a_across}) {
        for (const at::Tensor& right : {b, b_across}) {
          const at::Tensor out = at::empty({size, size + 2}, a.options());
          product(out, left, right);
          CHECK(distance(out.to(at::kDouble), expected) < bound);
          product(out, left, right, /*accumulate=*/true);
          CHECK(distance(out.to(at::kDouble), 2 * expected) < bound);
        }
      }
    }
  }
}

TEST_CASE("products of drawn sizes and strides are those of float64, by any number of threads") {
  const int before = at::get_num_threads();
  RandomStream stream(5);
  std::mt19937 draw(5);
  const auto one_of = [&draw](const Shape& all) { return all[draw() % all.size()]; };
  for (int i = 0; i < 300; ++i) {
    const auto options = at::TensorOptions(i % 4 == 0 ? at::kDouble : at::kFloat);
    const int64_t rows = one_of({1, 2, 7, 16, 17, 31, 64, 97, 256, 257});
    const int64_t inner = one_of({1, 3, 16, 33, 200, 512, 513, 601});
    const int64_t columns = one_of({1, 2, 15, 16, 17, 61, 128, 256, 257});
    const size_t left = draw(), right = draw();
    const at::Tensor a = strewn(rows, inner, left, options, stream.cpu());
    const at::Tensor b = strewn(inner, columns, right, options, stream.cpu());
    const bool accumulate = draw() % 2 == 0;
    // What is not added to may hold anything.
    const at::Tensor room = at::full({rows * columns + 2 * kBeside}, std::nan(""), options);
    const at::Tensor out = room.narrow(0, kBeside, rows * columns).view({rows, columns});
    if (accumulate) out.normal_(0, 1, stream.cpu());
    at::Tensor expected = at::mm(a.to(at::kDouble), b.to(at::kDouble));
    if (accumulate) expected += out;
    at::set_num_threads(1 + static_cast<int>(draw() % 3));
    product(out, a, b, accumulate);
    CAPTURE(a.sizes());
    CAPTURE(a.strides());
    CAPTURE(b.sizes());
    CAPTURE(b.strides());
    CAPTURE(accumulate);
    CHECK(distance(out.to(at::kDouble), expected) < (i % 4 == 0 ? 1e-12 : 2e-5));
    CHECK(room.isnan().sum().item<int64_t>() == 2 * kBeside);
  }
  at::set_num_threads(before);
}

TEST_CASE("products of nothing are 0, and of no rows none; one column and more threads than rows") {
  const int before = at::get_num_threads();
  at::set_num_threads(3);
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const auto options = at::TensorOptions(type);
    at::Tensor out = at::ones({4, 20}, options);
    product(out, at::empty({4, 0}, options), at::empty({0, 20}, options));
    CHECK(out.eq(0).all().item<bool>());
    product(at::empty({0, 20}, options), at::ones({0, 5}, options), at::ones({5, 20}, options));
    for (const auto& [rows, inner, columns] : {std::tuple<int64_t, int64_t, int64_t>{64, 300, 1},
                                               {2, 700, 901},
                                               {33, 700, 901},
                                               {901, 700, 17},
                                               {4099, 61, 70}}) {
      CAPTURE(columns);
      const at::Tensor a = at::randn({rows, inner}, options),
                       b = at::randn({inner, columns}, options);
      const at::Tensor made = at::empty({rows, columns}, options);
      for (const at::Tensor& right : {b, b.t().contiguous().t()}) {
        product(made, a, right);
        CHECK(distance(made, at::mm(a, b)) < (type == at::kFloat ? 1e-5 : 1e-12));
      }
    }
  }
  at::set_num_threads(before);
}

TEST_CASE("loops of our own run on as many threads as there are to be, and give the same numbers") {
  const int before = at::get_num_threads();
  at::set_num_threads(2);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  at::parallel_for(0, 2, 1, [&](int64_t, int64_t) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  CHECK(threads.size() == 2);

  RandomStream stream(7);
  const at::Tensor values = at::randn({64, 2048}, stream.cpu()), bias = at::ones({2048});
  const at::Tensor alone = values.clone();
  dense::add_bias_and_bend(values, bias, {Curve::kTanh});
  at::set_num_threads(1);
  dense::add_bias_and_bend(alone, bias, {Curve::kTanh});
  CHECK(at::equal(values, alone));
  at::set_num_threads(before);
}

TEST_CASE("rows are squared and scaled each by itself, whatever their length and number") {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    for (const int64_t columns : {1, 15, 64, 1001}) {
      CAPTURE(columns);
      const at::Tensor matrix = at::randn({70, columns}, type), by = at::randn({70, 1}, type);
      const at::Tensor squares = at::empty({70, 1}, type), scaled = matrix.clone();
      dense::square_rows(matrix, squares);
      CHECK(distance(squares, matrix.square().sum(1, /*keepdim=*/true)) < 1e-5);
      dense::scale_rows(scaled, by);
      CHECK(at::equal(scaled, matrix * by));
    }
  }
}

TEST_CASE("batch normalisation with its activation equals at::batch_norm, statistics included") {
  RandomStream stream(4);
  const auto draw = [&](const Shape& shape) {
    return at::randn(shape, stream.cpu(), at::TensorOptions(at::kDouble));
  };
  for (const int64_t columns : {1, 64, 130}) {
    for (const bool affine : {false, true}) {
      CAPTURE(columns);
      const at::Tensor x = draw({9, columns}).mul_(3).add_(1).requires_grad_();
      const at::Tensor outer = draw({9, columns});
      at::Tensor weight, bias;
      if (affine)
        weight = draw({columns}).requires_grad_(), bias = draw({columns}).requires_grad_();
      const at::Tensor mean = at::zeros({columns}, x.options().requires_grad(false));
      const at::Tensor var = at::ones_like(mean), own_mean = mean.clone(), own_var = var.clone();
      const at::Tensor expected =
          at::leaky_relu(at::batch_norm(x, weight, bias, mean, var, true, 0.3, 0.8, false), 0.2);
      (expected * outer).sum().backward();

      const at::NoGradGuard no_grad;
      const auto plain = [](const at::Tensor& one) { return one.defined() ? one.detach() : one; };
      const dense::Norm norm{
          plain(weight), plain(bias), at::empty_like(mean), at::empty_like(mean), own_mean, own_var,
          0.8,           0.3};
      const Nonlinearity leaky{Curve::kLeakyRelu, 0.2};
      const at::Tensor output = at::empty_like(outer), gradient = outer.clone();
      dense::normalize_and_bend(x.detach(), norm, leaky, output);
      CHECK(distance(output, expected) < 1e-12);
      CHECK(distance(own_mean, mean) < 1e-12);
      CHECK(distance(own_var, var) < 1e-12);
      const at::Tensor weight_gradient = affine ? at::empty_like(mean) : at::Tensor();
      const at::Tensor bias_gradient = affine ? at::empty_like(mean) : at::Tensor();
      dense::unbend_and_denormalize({gradient, output, x.detach(), norm, leaky}, weight_gradient,
                                    bias_gradient);
      CHECK(distance(gradient, x.grad()) < 1e-10);
      if (!affine) continue;
      CHECK(distance(weight_gradient, weight.grad()) < 1e-10);
      CHECK(distance(bias_gradient, bias.grad()) < 1e-10);
    }
  }
}

TEST_CASE("equal rows normalise to nothing, which eps would make hundreds of rounding errors of") {
  const at::Tensor x = at::full({61, 3}, 0.147f), mean = at::empty({3});
  const at::Tensor output = at::empty_like(x);
  const dense::Norm norm{{}, {}, mean, at::empty_like(mean), {}, {}, 1e-5, 0.1};
  dense::normalize_and_bend(x, norm, {}, output);
  CHECK(output.abs().max().item<float>() == 0);
}

TEST_CASE("tanh of many values is that of the C library to 3e-7 of it, at the edges too") {
  std::vector<float> values;
  for (double x = 1e-8; x < 100; x *= 1.001) {
    values.push_back(static_cast<float>(x));
    values.push_back(static_cast<float>(-x));
  }
  const std::vector<float> before = values;
  dense::tanh_in_place(values.data(), static_cast<int64_t>(values.size()));
  double worst = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double exact = std::tanh(static_cast<double>(before[i]));
    worst = std::max(worst, std::abs(values[i] - exact) / std::abs(exact));
  }
  CHECK(worst < 3e-7);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> edges{0, kInfinity, -kInfinity, std::nanf(""), 3e38f};
  dense::tanh_in_place(edges.data(), 5);
  CHECK(edges[0] == 0);
  CHECK(edges[1] == 1);
  CHECK(edges[2] == -1);
  CHECK(std::isnan(edges[3]));
  CHECK(edges[4] == 1);
}
