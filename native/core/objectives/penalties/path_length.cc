#include "core/objectives/penalties/path_length.h"

#include <cmath>

#include "core/options.h"

namespace sparring {
namespace {

// Of unit length for each pixel, so that lengths do not depend on how many there are.
at::Tensor draw_directions(const at::Tensor& images, const Rows& rows) {
  Shape shape = images.sizes().vec();
  const at::Tensor noise = rows.draw(shape[0], [&](int64_t count, const at::Generator& generator) {
    shape[0] = count;
    return at::randn(shape, generator, at::TensorOptions(images.device()).dtype(kDrawn));
  });
  double pixels = 1;
  for (int64_t side = 2; side < images.dim(); ++side) {
    pixels *= static_cast<double>(images.size(side));
  }
  return noise.to(images.scalar_type()) / std::sqrt(pixels);
}

}  // namespace

PathLength::PathLength(const Options& options)
    : Lazy(options), decay_(options.number("decay")), mean_(at::zeros({}, at::kDouble)) {}

at::Tensor PathLength::lengths(const at::Tensor& images, const std::vector<at::Tensor>& styles,
                               const Rows& rows) const {
  const at::Tensor along = (images * draw_directions(images, rows)).sum();
  std::vector<at::Tensor> slopes;
  for (const at::Tensor& slope :
       torch::autograd::grad({along}, styles, {}, /*retain_graph=*/true, /*create_graph=*/true,
                             /*allow_unused=*/true)) {
    // Of few digits in a pass of bfloat16, as w is there.
    if (slope.defined()) slopes.push_back(slope.to(images.scalar_type()));
  }
  // A synthesis may forget w.
  if (slopes.empty()) return at::zeros({images.size(0)}, images.options().requires_grad(false));
  const at::Tensor all = slopes.size() == 1 ? slopes[0] : at::cat(slopes, 1);
  return at::linalg_vector_norm(all, 2, at::IntArrayRef{1});
}

at::Tensor PathLength::of(const at::Tensor& lengths) const {
  return (lengths - mean_.to(lengths.scalar_type())).square().mean();
}

// In float64, as a script has it that keeps the mean in a number of Python's.
void PathLength::go_on(const at::Tensor& length) {
  mean_.add_((length.to(at::kDouble) - mean_) * decay_);
}

}  // namespace sparring
