#include "core/data/augment.h"

#include "core/table.h"

namespace sparring {
namespace {

// U(0, 1), one a sample: [N, 1, 1, 1]
at::Tensor uniform(const at::Tensor& images, const Rows& rows) {
  return rows.draw(images.size(0), [&](int64_t count, const at::Generator& generator) {
    return at::rand({count, 1, 1, 1}, generator, images.options().requires_grad(false));
  });
}

// Whole numbers in [low, high), one a sample: [N, 1, 1]
at::Tensor integers(int64_t low, int64_t high, const at::Tensor& images, const Rows& rows) {
  const auto options = at::TensorOptions(images.device()).dtype(at::kLong);
  return rows.draw(images.size(0), [&](int64_t count, const at::Generator& generator) {
    return at::randint(low, high, {count, 1, 1}, generator, options);
  });
}

at::Tensor range(int64_t size, const at::Tensor& like, at::IntArrayRef shape) {
  return at::arange(size, at::TensorOptions(like.device()).dtype(at::kLong)).view(shape);
}

at::Tensor brightness(const at::Tensor& images, const Rows& rows) {
  return images + (uniform(images, rows) - 0.5);
}

at::Tensor saturation(const at::Tensor& images, const Rows& rows) {
  const at::Tensor mean = images.mean({1}, /*keepdim=*/true);
  return (images - mean) * (uniform(images, rows) * 2) + mean;
}

at::Tensor contrast(const at::Tensor& images, const Rows& rows) {
  const at::Tensor mean = images.mean({1, 2, 3}, /*keepdim=*/true);
  return (images - mean) * (uniform(images, rows) + 0.5) + mean;
}

// Moves images by up to an eighth of each side; what comes in is zero.
at::Tensor translation(const at::Tensor& images, const Rows& rows) {
  const int64_t height = images.size(2), width = images.size(3);
  const auto reach = [](int64_t side) { return static_cast<int64_t>(side * 0.125 + 0.5); };
  const int64_t down = reach(height), right = reach(width);
  const at::Tensor dy = integers(-down, down + 1, images, rows);
  const at::Tensor dx = integers(-right, right + 1, images, rows);
  const at::Tensor lines = (range(height, images, {1, -1, 1}) + dy + 1).clamp(0, height + 1);
  const at::Tensor columns = (range(width, images, {1, 1, -1}) + dx + 1).clamp(0, width + 1);
  const at::Tensor samples = range(images.size(0), images, {-1, 1, 1});
  const at::Tensor padded = at::constant_pad_nd(images, {1, 1, 1, 1}).permute({0, 2, 3, 1});
  return padded.contiguous().index({samples, lines, columns}).permute({0, 3, 1, 2});
}

// A square of half of each side, anywhere, is zero.
at::Tensor cutout(const at::Tensor& images, const Rows& rows) {
  const int64_t height = images.size(2), width = images.size(3);
  const auto half = [](int64_t side) { return static_cast<int64_t>(side * 0.5 + 0.5); };
  const int64_t tall = half(height), wide = half(width);
  const at::Tensor y = integers(0, height + 1 - tall % 2, images, rows);
  const at::Tensor x = integers(0, width + 1 - wide % 2, images, rows);
  const at::Tensor lines = (range(tall, images, {1, -1, 1}) + y - tall / 2).clamp(0, height - 1);
  const at::Tensor columns = (range(wide, images, {1, 1, -1}) + x - wide / 2).clamp(0, width - 1);
  const at::Tensor samples = range(images.size(0), images, {-1, 1, 1});
  const auto options = images.options().requires_grad(false);
  const at::Tensor mask = at::ones({images.size(0), height, width}, options);
  mask.index_put_({samples, lines, columns}, at::zeros({}, options));
  return images * mask.unsqueeze(1);
}

}  // namespace

std::vector<Augmentation> make_augmentations(const std::vector<std::string>& policies) {
  static const std::map<std::string, std::vector<Augmentation>> table = {
      {"color", {brightness, saturation, contrast}},
      {"cutout", {cutout}},
      {"translation", {translation}}};
  std::vector<Augmentation> all;
  for (const std::string& policy : policies) {
    const auto& functions = row(table, policy, "augmentation");
    all.insert(all.end(), functions.begin(), functions.end());
  }
  return all;
}

}  // namespace sparring
