#include "core/metrics/viewing.h"

#include <torch/script.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "core/error.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// Its features are the bytes that it gets, its logits their sum.
class Pixels : public FeatureNetwork {
 public:
  Pixels() : FeatureNetwork({1, 0, 0, 255, /*bytes=*/false, /*each_channel=*/false}, at::kCPU) {}

 private:
  Seen look(const at::Tensor& images) override {
    const at::Tensor rows = images.flatten(1);
    return {rows, rows.sum(1, /*keepdim=*/true)};
  }
};

// A network for images of 4x4 whose forward(x) is this.
std::unique_ptr<FeatureNetwork> scripted(const std::string& body) {
  torch::jit::Module module("Scripted");
  module.define("def forward(self, x):\n    " + body + "\n");
  const std::string name = "scripted-" + std::to_string(getpid()) + ".pt";
  const std::filesystem::path path = std::filesystem::temp_directory_path() / name;
  module.save(path);
  const auto remove = [&](auto*) { std::filesystem::remove(path); };
  const std::unique_ptr<const std::filesystem::path, decltype(remove)> removing(&path, remove);
  const FeatureInput input{1, 4, -1, 1, /*bytes=*/false, /*each_channel=*/false};
  return load_torch_script(path, "path", input, at::kCPU);
}

Seen view(std::shared_ptr<FeatureNetwork> network, std::unique_ptr<ImageSource> images, int turns) {
  Viewing viewing(std::move(network), std::move(images));
  for (int turn = 1; turn < turns; ++turn) CHECK_FALSE(viewing().has_value());
  const auto seen = viewing();
  REQUIRE(seen.has_value());
  return *seen;
}

Seen view(std::unique_ptr<ImageSource> images, int turns) {
  return view(std::make_shared<Pixels>(), std::move(images), turns);
}

}  // namespace

TEST_CASE("values are seen as their pixels, a part a turn, in their order") {
  const at::Tensor bytes = at::randint(256, {600, 1, 2, 3}, at::kFloat);
  const Seen seen = view(images_of(bytes / 127.5 - 1), 3);
  CHECK(at::equal(seen.features, bytes.flatten(1)));
  CHECK(at::equal(seen.logits, bytes.flatten(1).sum(1, true)));
}

TEST_CASE("values outside of the range are refused when they are looked at") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::pair<std::vector<double>, std::string> refused[] = {
      {{7, 7}, "7 to 7"},
      {{0, infinity}, "infinite values"},
      {{-infinity, infinity}, "infinite values"},
      {{infinity, std::nan("")}, "NaN"},
  };
  for (const auto& [values, received] : refused) {
    const std::string told = "Expected values from -1 to 1 for the images but received " + received;
    auto images = images_of(at::tensor(values, at::kFloat).view({1, 1, 1, 2}));
    CHECK_THROWS_WITH_AS(images->next(), told.c_str(), Error);
  }
}

TEST_CASE("images of a dataset are drawn without replacement, by the seed alone") {
  const at::Tensor number = at::arange(300);
  const at::Tensor bytes =
      at::stack({number.div(256, "floor"), number.remainder(256)}, 1).to(at::kByte);
  const auto dataset = std::make_shared<Dataset>(bytes.view({300, 1, 1, 2}), at::kCPU);
  const auto draw = [&](int64_t count, uint64_t seed) {
    const at::Tensor features = view(images_of(dataset, count, seed), count > 256 ? 2 : 1).features;
    return features.select(1, 0) * 256 + features.select(1, 1);
  };
  const at::Tensor all = draw(300, 1);
  CHECK(at::equal(std::get<0>(all.sort()), number.to(at::kFloat)));
  CHECK_FALSE(at::equal(all, number.to(at::kFloat)));
  CHECK(at::equal(draw(20, 1), all.narrow(0, 0, 20)));
  CHECK_FALSE(at::equal(draw(20, 2), draw(20, 1)));
}

TEST_CASE("a generator's samples are seen in its range, as sampling alone makes them") {
  RandomStream stream(0);
  const auto network = std::make_shared<Network>(small_generator(5), at::kCPU, at::kFloat, stream);
  const SampleRequest request{{5, 0, 0}, 300, 3, {}, {}, {}};
  Sampling sampling(network, request);
  CHECK_FALSE(sampling().has_value());
  const at::Tensor pixels = to_pixels(sampling().value(), {-1, 1});
  const Seen seen = view(images_of(network, {-1, 1}, request), 2);
  CHECK(at::equal(seen.features, pixels.flatten(1).to(at::kFloat)));
}

TEST_CASE("a TorchScript without a single feature is refused by the shape of its answer") {
  std::string told;
  try {
    scripted("return x.flatten(1)[:, :0]");
  } catch (const std::exception& error) {
    told = error.what();
  }
  CHECK(told ==
        "Expected features [2, width] of float32 images [2, 1, 4, 4] for the output of path but "
        "received [2, 0]");
}

TEST_CASE("a TorchScript that ends in squeeze() sees a last image that is alone") {
  const at::Tensor images = at::rand({257, 1, 4, 4}) * 2 - 1;
  const auto features_by = [&](const std::string& body) {
    return view(scripted(body), images_of(images), 2).features;
  };
  const at::Tensor squeezed = features_by("return x.flatten(1)[:, :, None, None].squeeze()");
  CHECK(at::equal(squeezed, features_by("return x.flatten(1)")));
}
