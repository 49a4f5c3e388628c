// Normalisation in another form against what it replaces, in float64: values, and derivatives as
// often as there are any.
#include "core/nn/batch_norm.h"
#include "core/step/rewrites/norm_activation.h"
#include "core/step/rewrites/sample_norm.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

TEST_CASE(
    "normalisation and activation in two passes equal torch's: values, gradients, running "
    "statistics") {
  RandomStream stream(0);
  for (const double slope : {0.0, 0.2, 1.0}) {  // with 1 the normalisation by itself
    // 5 rows, and many tiles of them.
    for (const Shape& shape : {Shape{5, 6, 1, 1}, Shape{3, 70, 11, 13}}) {
      CAPTURE(slope);
      const auto features = static_cast<double>(shape[1]);
      const ModulePtr norm = built(batch_norm("0", features, 0.8), stream);
      const ModulePtr reference = built(batch_norm("0", features, 0.8), stream);
      for (const ModulePtr& one : {norm, reference}) {
        const at::NoGradGuard no_grad;
        one->parameters()[0].copy_(at::linspace(-1, 2, shape[1], at::kDouble));
        one->parameters()[1].copy_(at::linspace(1, -1, shape[1], at::kDouble));
      }
      const ModulePtr bend = build(layer("leakyRelu", "1", {{"negativeSlope", slope}}), stream);
      const ModulePtr fused =
          (slope == 1 ? fuse_batch_norm(norm) : fuse_norm_activation(norm, bend)).module;
      REQUIRE(fused != nullptr);
      // An offset that a sum of squares would drown in.
      const at::Tensor x = (at::randn(shape, at::kDouble) + 100)
                               .contiguous(at::MemoryFormat::ChannelsLast)
                               .requires_grad_();
      const at::Tensor expected = bend->forward(reference->forward(x)), made = fused->forward(x);
      CHECK(distance(made, expected) < 1e-11);
      for (size_t i = 0; i < norm->buffers().size(); ++i) {
        CHECK(distance(norm->buffers()[i].to(at::kDouble),
                       reference->buffers()[i].to(at::kDouble)) < 1e-12);
      }
      const at::Tensor upstream = at::randn_like(made);
      std::vector<at::Tensor> ours{x}, theirs{x};
      for (const at::Tensor& one : norm->parameters()) ours.push_back(one);
      for (const at::Tensor& one : reference->parameters()) theirs.push_back(one);
      const auto received = torch::autograd::grad({made}, ours, {upstream}, true);
      const auto wanted = torch::autograd::grad({expected}, theirs, {upstream}, true);
      for (size_t i = 0; i < ours.size(); ++i) {
        CAPTURE(i);
        CHECK(distance(received[i], wanted[i]) < 1e-10);
      }
      // And the second derivative, of a gradient at the images.
      const auto second = [&](const at::Tensor& output, const std::vector<at::Tensor>& inputs) {
        const at::Tensor slope_at_x =
            torch::autograd::grad({output.tanh()}, {inputs[0]}, {upstream}, true, true)[0];
        // Their sum is 0, and what would go wrong with their mean hides.
        const at::Tensor score = (slope_at_x + upstream).square().sum();
        return torch::autograd::grad({score}, {inputs[0], inputs[1]}, {}, true);
      };
      const auto mine = second(made, ours), yours = second(expected, theirs);
      for (size_t i = 0; i < mine.size(); ++i) CHECK(distance(mine[i], yours[i]) < 1e-9);
    }
  }
  const ModulePtr norm = build(batch_norm("0", 3, 1e-5), stream);
  CHECK(fuse_norm_activation(norm, build(layer("tanh", "1"), stream)).module == nullptr);
  CHECK(fuse_norm_activation(norm, norm).module == nullptr);
}

TEST_CASE(
    "images in bfloat16 are normalised by sums in float32: statistics to 1e-6, what is written to "
    "its last digit, a second derivative to 3e-2") {
  at::manual_seed(0);
  RandomStream stream(0);
  const ModulePtr bend = build(layer("leakyRelu", "1", {{"negativeSlope", 0.2}}), stream);
  // Widths of columns that are constants, and what is left of others; rows of many tiles.
  for (const int64_t columns : {16, 32, 48, 64, 70}) {
    CAPTURE(columns);
    const Layer plain = batch_norm("0", static_cast<double>(columns), 1e-2);
    const ModulePtr norm = build(plain, stream), reference = built(plain, stream);
    const at::Tensor x = (at::randn({7, columns, 9, 11}) + 3)
                             .to(at::kBFloat16)
                             .contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor upstream = at::randn_like(x);
    const auto all_of = [&](const ModulePtr& by, const ModulePtr& of, at::ScalarType type) {
      const at::Tensor input = x.to(type).requires_grad_(), made = by->forward(input);
      std::vector<at::Tensor> inputs{input};
      for (const at::Tensor& one : of->parameters()) inputs.push_back(one);
      auto all = torch::autograd::grad({made}, inputs, {upstream.to(type)}, true);
      all.push_back(made);
      const at::Tensor slope =
          torch::autograd::grad({made.tanh()}, {input}, {upstream.to(type)}, true, true)[0];
      all.push_back(torch::autograd::grad({(slope + upstream).square().sum()}, {input})[0]);
      return all;
    };
    const ModulePtr fused = fuse_norm_activation(norm, bend).module;
    const ModulePtr both = built(
        layer("sequential", "0", {}, {plain, layer("leakyRelu", "1", {{"negativeSlope", 0.2}})}),
        stream);
    const auto made = all_of(fused, norm, at::kBFloat16);
    const auto exact = all_of(both, both, at::kDouble);
    const std::vector<double> bounds{4e-3, 1e-6, 1e-6, 4e-3, 3e-2};
    for (size_t i = 0; i < bounds.size(); ++i) {
      CAPTURE(i);
      CHECK(distance(made[i], exact[i]) < bounds[i]);
    }
    CHECK(made[3].dtype() == at::kBFloat16);
    CHECK(distance(norm->buffers()[0], x.to(at::kDouble).mean({0, 2, 3}) * 0.1) < 1e-6);
    for (const ModulePtr& one : {fused, norm, reference}) one->train(false);
    for (size_t i = 0; i < 2; ++i) reference->buffers()[i].copy_(norm->buffers()[i]);
    CHECK(distance(fused->forward(x), bend->forward(reference->forward(x.to(at::kDouble)))) < 4e-3);
  }
}

TEST_CASE("batch normalisation without factors of its own is that with 1 and 0") {
  RandomStream stream(0);
  const at::Tensor x =
      draw({3, 5, 4, 7}).detach().contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
  const ModulePtr bend = build(layer("leakyRelu", "1", {{"negativeSlope", 0.2}}), stream);
  const Layer bare = batch_norm("0", 5, 0.1, /*affine=*/false);
  const ModulePtr norm = built(bare, stream), plain = built(bare, stream);
  check_equal(fuse_batch_norm(norm).module, {plain}, x, 1e-12);
  check_equal(fuse_norm_activation(norm, bend).module, {plain, bend}, x, 1e-12);
  const Layer both =
      layer("sequential", "0", {}, {bare, layer("leakyRelu", "1", {{"negativeSlope", 0.2}})});
  check_second_derivative(fuse_norm_activation(norm, bend).module, built(both, stream), x, 1e-10);
  const ModulePtr fused = fuse_batch_norm(norm).module;
  fused->train(false);
  norm->train(false);
  CHECK(distance(fused->forward(x), norm->forward(x)) < 1e-12);
}

TEST_CASE("batch normalisation by itself rounds as torch's does with channels first") {
  RandomStream stream(0);
  const ModulePtr plain = build(batch_norm("0", 16, 1e-5), stream);
  const at::Tensor x = at::randn({64, 16, 32, 32}) + 80;
  // Along x, of whose direction normalisation leaves nothing.
  const at::Tensor weights = at::randn(x.sizes()) + 3 * (x - 80);
  // What comes out, and the gradient at x.
  const auto all_of = [&](const ModulePtr& norm, const at::Tensor& given) {
    const at::Tensor input = given.detach().requires_grad_(), made = norm->forward(input);
    const at::Tensor score = (made * weights).sum();
    return std::vector<at::Tensor>{made, torch::autograd::grad({score}, {input})[0]};
  };
  for (const bool affine : {true, false}) {
    const Layer one = batch_norm("0", 16, 1e-5, affine);
    const auto exact = all_of(built(one, stream), x.to(at::kDouble)),
               first = all_of(build(one, stream), x),
               last = all_of(fuse_batch_norm(build(one, stream)).module,
                             x.contiguous(at::MemoryFormat::ChannelsLast));
    for (size_t i = 0; i < exact.size(); ++i) {
      const auto error = [&](const at::Tensor& found) {
        return (found.to(at::kDouble) - exact[i]).abs().max().item<double>();
      };
      CAPTURE(affine);
      CAPTURE(i);
      CHECK(error(last[i]) < 2 * error(first[i]));
    }
  }
  // Equal values are no rounding error apart, which eps would make hundreds of.
  const at::Tensor equal =
      at::full({5, 16, 7, 9}, 0.147).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor y = fuse_batch_norm(plain).module->forward(equal);
  const at::Tensor outer = at::cos(at::arange(y.numel())).view(y.sizes());
  const at::Tensor gradient =
      torch::autograd::grad({(y * outer).sum()}, {plain->parameters()[0]})[0];
  CHECK(gradient.abs().max().item<double>() == 0);
  CHECK(fuse_batch_norm(built(linear("0", 2, 2), stream)).module == nullptr);
}

TEST_CASE(
    "normalisation of each sample in another layout equals torch's: values and both derivatives") {
  RandomStream stream(0);
  const auto drawn = [](const ModulePtr& module) {
    for (const at::Tensor& one : module->parameters()) one.detach().copy_(at::randn_like(one));
    return module;
  };
  for (const Shape& shape : {Shape{5, 6, 2, 1}, Shape{3, 70, 11, 13}, Shape{1, 4, 20, 20}}) {
    for (const bool affine : {true, false}) {
      const Shape own{shape[1], shape[2], shape[3]};
      const Layer instance = layer(
          "instanceNorm2d", "0",
          {{"numFeatures", static_cast<double>(shape[1])}, {"eps", 1e-2}, {"affine", affine}});
      const Layer whole = layer("layerNorm", "0",
                                {{"normalizedShape", own},
                                 {"eps", 1e-2},
                                 {"elementwiseAffine", affine},
                                 {"bias", affine}});
      const Layer unshifted = layer("layerNorm", "0",
                                    {{"normalizedShape", own},
                                     {"eps", 1e-2},
                                     {"elementwiseAffine", affine},
                                     {"bias", false}});
      const Layer groups = layer("groupNorm", "0",
                                 {{"numGroups", 2.0},
                                  {"numChannels", static_cast<double>(shape[1])},
                                  {"eps", 1e-2},
                                  {"affine", affine}});
      for (const Layer& one : {instance, groups, whole, unshifted}) {
        for (const auto format : {at::MemoryFormat::ChannelsLast, at::MemoryFormat::Contiguous}) {
          CAPTURE(one.type);
          CAPTURE(shape);
          CAPTURE(affine);
          const ModulePtr norm = drawn(built(one, stream));
          const ModulePtr fused = fuse_sample_norm(norm).module;
          const at::Tensor x = (at::randn(shape, at::kDouble) + 30).contiguous(format);
          check_equal(fused, {norm}, x.requires_grad_(), 1e-11);
          const at::Tensor near = (x.detach() - 30).requires_grad_();
          if (affine) check_second_derivative(fused, norm, near, 1e-9);
          const ModulePtr bend = build(layer("leakyRelu", "1", {{"negativeSlope", 0.2}}), stream);
          const ModulePtr both = fuse_norm_activation(fused, bend).module;
          check_equal(both, {norm, bend}, near, 1e-10);
        }
      }
    }
  }
  const ModulePtr rows = built(layer("layerNorm", "0",
                                     {{"normalizedShape", Shape{7}},
                                      {"eps", 1e-5},
                                      {"elementwiseAffine", true},
                                      {"bias", true}}),
                               stream);
  CHECK(fuse_sample_norm(rows).module == nullptr);
  const ModulePtr groups =
      build(layer("groupNorm", "0",
                  {{"numGroups", 2.0}, {"numChannels", 6.0}, {"eps", 1e-2}, {"affine", true}}),
            stream);
  const ModulePtr fused = fuse_sample_norm(groups).module;
  for (const at::Tensor& other : {at::randn({3, 6}), at::randn({2, 6, 3, 4}, at::kBFloat16)}) {
    const at::Tensor x = other.dim() == 4 ? other.to(at::MemoryFormat::ChannelsLast) : other;
    CHECK(at::allclose(fused->forward(x), groups->forward(x), 1e-2, 1e-2));
  }
  const ModulePtr whole = build(layer("layerNorm", "0",
                                      {{"normalizedShape", Shape{6, 3, 4}},
                                       {"eps", 1e-2},
                                       {"elementwiseAffine", true},
                                       {"bias", true}}),
                                stream);
  const at::Tensor coarse =
      at::randn({2, 6, 3, 4}, at::kBFloat16).to(at::MemoryFormat::ChannelsLast);
  CHECK(at::allclose(fuse_sample_norm(whole).module->forward(coarse), whole->forward(coarse), 1e-2,
                     1e-2));
  CHECK(fuse_sample_norm(built(batch_norm("0", 3, 1e-5), stream)).module == nullptr);
}

TEST_CASE(
    "normalisation by kernels of our own has a third derivative, and second ones by weights") {
  RandomStream stream(0);
  const Layer batch = batch_norm("0", 4, 0.1);
  const Layer groups = layer(
      "groupNorm", "0", {{"numGroups", 2.0}, {"numChannels", 4.0}, {"eps", 0.1}, {"affine", true}});
  const ModulePtr bend = build(layer("leakyRelu", "1", {{"negativeSlope", 0.2}}), stream);
  const Layer whole = layer("layerNorm", "0",
                            {{"normalizedShape", Shape{4, 3, 2}},
                             {"eps", 0.1},
                             {"elementwiseAffine", true},
                             {"bias", true}});
  for (const Layer& one : {batch, groups, whole}) {
    CAPTURE(one.type);
    const ModulePtr norm = built(one, stream);
    const ModulePtr last = fuse_sample_norm(norm).module;
    const ModulePtr fused = fuse_norm_activation(last ? last : norm, bend).module;
    const at::Tensor weight = norm->parameters()[0], bias = norm->parameters()[1];
    const at::Tensor x = draw({3, 4, 3, 2}).detach().contiguous(at::MemoryFormat::ChannelsLast);
    x.requires_grad_();
    const auto slope = [](const at::Tensor& score, const std::vector<at::Tensor>& inputs) {
      at::Tensor sum = at::zeros({}, at::kDouble);
      for (const at::Tensor& found : torch::autograd::grad({score}, inputs, {}, true, true)) {
        sum = sum + found.square().sum();
      }
      return sum;
    };
    const auto check = [&](const at::Tensor& received, const at::Tensor& expected) {
      CHECK(distance(received, expected) < 1e-9 * (1 + expected.abs().max().item<double>()));
    };
    const auto ours = [&] { return fused->forward(x).tanh().sum(); };
    const auto theirs = [&] { return bend->forward(norm->forward(x)).tanh().sum(); };
    const auto second = [&](const at::Tensor& score) {
      return torch::autograd::grad({slope(score, {x, weight, bias})}, {x, weight}, {}, true);
    };
    const auto received = second(ours()), expected = second(theirs());
    for (size_t i = 0; i < expected.size(); ++i) check(received[i], expected[i]);
    const auto third = [&](const at::Tensor& score) {
      return slope(slope(slope(score, {x}), {x}), {x, weight});
    };
    at::Tensor wanted;
    try {
      wanted = third(theirs());
    } catch (const c10::Error&) {
      // libtorch 2.14 has none of batch normalisation.
      CHECK_THROWS_AS(third(ours()), c10::Error);
      continue;
    }
    check(third(ours()), wanted);
  }
}
