// Modulated convolutions in other forms are the same ones, with the noise and the activation that
// follow them.
#include "core/step/rewrites/modulation.h"

#include <ATen/Parallel.h>

#include "core/linalg/batch_product.h"
#include "core/runtime/precision.h"
#include "core/step/plan.h"
#include "core/step/rewrites/bfloat16_conv.h"
#include "core/step/rewrites/modulation_kernels.h"
#include "core/step/rewrites/same_conv.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

constexpr int64_t kStyle = 5;

struct Case {
  double in, out, kernel;
  bool upsample, demodulate;
  int64_t batch, height, width;
};

// A modulated convolution, the noise of what it makes, and an activation.
struct Chain {
  Chain(const Case& of, double slope, RandomStream& stream)
      : modulation(built(
            modulated("0", kStyle, of.in, of.out, of.kernel, of.upsample, of.demodulate), stream)),
        noise(built(layer("noiseInjection", "1",
                          {{"imageSize", Shape{of.height * (of.upsample ? 2 : 1),
                                               of.width * (of.upsample ? 2 : 1)}}}),
                    stream)),
        activation(build(layer("leakyRelu", "2", {{"negativeSlope", slope}}), stream)),
        x(draw({of.batch, static_cast<int64_t>(of.in), of.height, of.width})),
        style(draw({of.batch, kStyle})) {
    const at::NoGradGuard no_grad;
    for (const ModulePtr& one : {modulation, noise}) {
      for (const at::Tensor& parameter : one->parameters()) {
        parameter.normal_(0, 1, stream.cpu());
      }
    }
  }

  void to(at::ScalarType type) {
    for (const ModulePtr& one : {modulation, noise}) one->to(type);
    x = x.detach().to(type).requires_grad_();
    style = style.detach().to(type).requires_grad_();
  }
  // All parameters, the image and the style.
  std::vector<at::Tensor> inputs() const {
    std::vector<at::Tensor> all{x, style};
    for (const ModulePtr& one : {modulation, noise}) {
      for (const at::Tensor& parameter : one->parameters()) all.push_back(parameter);
    }
    return all;
  }
  at::Tensor output(const std::vector<ModulePtr>& modules, bool draws = true) const {
    RandomStream stream(9);
    Context context;
    context.style = style;
    if (draws) context.stream = &stream;
    at::Tensor value = x;
    for (const ModulePtr& one : modules) value = one->forward(value, context);
    return value;
  }
  std::vector<ModulePtr> plain() const { return {modulation, noise, activation}; }
  // In one module.
  ModulePtr fused() const {
    const ModulePtr one = fuse_modulation(modulation).module;
    REQUIRE(one != nullptr);
    REQUIRE(fuse_modulation_noise(one, noise).module == one);
    REQUIRE(fuse_modulation_activation(one, activation).module == one);
    return one;
  }

  ModulePtr modulation, noise, activation;
  at::Tensor x, style;
};

void check_all(const std::vector<at::Tensor>& received, const std::vector<at::Tensor>& expected,
               double bound) {
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    const double size = expected[i].abs().max().item<double>();
    CHECK(distance(received[i], expected[i]) < bound * (1 + size));
  }
}

// Values, gradients and the gradients of gradients.
void check_chain(const Chain& chain, const std::vector<ModulePtr>& ours,
                 const std::vector<ModulePtr>& theirs) {
  const std::vector<at::Tensor> inputs = chain.inputs();
  const at::Tensor made = chain.output(ours), expected = chain.output(theirs);
  REQUIRE(made.sizes() == expected.sizes());
  check_all({made}, {expected}, 1e-12);
  const at::Tensor upstream = at::randn_like(expected), shift = at::randn_like(chain.x.detach());
  const auto gradients = [&](const at::Tensor& output) {
    return torch::autograd::grad({output}, inputs, {upstream}, {}, false, /*allow_unused=*/true);
  };
  const auto second = [&](const std::vector<ModulePtr>& modules) {
    const at::Tensor score = chain.output(modules).tanh().sum();
    const auto first = torch::autograd::grad({score}, {chain.x, chain.style}, {}, true, true);
    const at::Tensor all = (first[0] + shift).square().sum() + first[1].square().sum();
    return torch::autograd::grad({all}, inputs, {}, {}, false, /*allow_unused=*/true);
  };
  const auto defined = [](std::vector<at::Tensor> list) {
    for (at::Tensor& one : list) one = one.defined() ? one : at::zeros({}, at::kDouble);
    return list;
  };
  check_all(defined(gradients(made)), defined(gradients(expected)), 1e-12);
  check_all(defined(second(ours)), defined(second(theirs)), 1e-10);
}

// Odd sides, one image, channels that fill no vector, and a number of pixels that is no tile's.
const std::vector<Case> kCases{
    {8, 8, 3, false, true, 3, 5, 3},   {9, 33, 3, false, true, 1, 13, 11},
    {16, 8, 1, false, true, 2, 1, 1},  {8, 12, 3, true, true, 3, 3, 5},
    {17, 9, 1, true, true, 1, 4, 4},   {8, 8, 5, true, false, 2, 2, 7},
    {8, 16, 3, false, false, 2, 4, 6}, {2, 9, 3, false, true, 2, 3, 5},
};

}  // namespace

TEST_CASE("a modulation with its noise and activation equals the layers: values, derivatives") {
  RandomStream stream(0);
  const int before = at::get_num_threads();
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    for (const Case& of : kCases) {
      for (const double slope : {0.2, 0.0, 1.0}) {
        CAPTURE(of.in);
        CAPTURE(of.out);
        CAPTURE(slope);
        const Chain chain(of, slope, stream);
        check_chain(chain, {chain.fused()}, chain.plain());
      }
    }
  }
  at::set_num_threads(before);
}

TEST_CASE("a modulation without noise, without a bias, and to few channels equals the layer") {
  RandomStream stream(0);
  for (Case of : kCases) {
    for (const double out : {of.out, 3.0}) {
      of.out = out;
      const Chain chain(of, 0.2, stream);
      const ModulePtr form = fuse_modulation(chain.modulation).module;
      if (of.in < 8 && out < 8 && !of.upsample) {
        CHECK(form == nullptr);
        continue;
      }
      check_chain(chain, {form}, {chain.modulation});
      // Its own pass would not pay.
      if (out < 8) CHECK(fuse_modulation_noise(form, chain.noise).module == nullptr);
      if (out < 8) CHECK(fuse_modulation_activation(form, chain.activation).reason != "");
    }
  }
  Layer bare = modulated("0", kStyle, 8, 8, 3, false, true);
  bare.options.set("bias", false);
  Chain chain({8, 8, 3, false, true, 2, 4, 4}, 0.2, stream);
  chain.modulation = built(bare, stream);
  check_chain(chain, {fuse_modulation(chain.modulation).module}, {chain.modulation});
  check_chain(chain, {chain.fused()}, chain.plain());
}

namespace {

// Factors, noise and slope are powers of two: no more digits than bfloat16 has.
Shade whole_shade(int64_t samples, int64_t channels, const Shape& noise, double slope) {
  return {at::pow(2.0, at::randint(-1, 2, {samples, channels}, at::kFloat)), whole({channels}),
          whole(noise), at::full({}, 2.0, at::kFloat), slope};
}

Shade in_float64(const Shade& of) {
  return {of.factors.to(at::kDouble), of.bias.to(at::kDouble), of.noise.to(at::kDouble),
          of.strength.to(at::kDouble), of.slope};
}

void check_shade(const Shape& shape, const Shade& by) {
  const auto last = [](const at::Tensor& image, at::ScalarType type) {
    return image.to(type).contiguous(at::MemoryFormat::ChannelsLast);
  };
  const auto same = [](const at::Tensor& ours, const at::Tensor& exact) {
    return at::equal(ours.to(at::kDouble), exact);
  };
  const at::Tensor x = whole(shape), gradient = whole(shape);
  const auto half = at::kBFloat16, all = at::kDouble;
  const at::Tensor made = shaded(last(x, half), by), exact = shaded(last(x, all), in_float64(by));
  CHECK((made.scalar_type() == half));
  CHECK(same(made, exact));
  const ShadeGradients ours = shade_gradients(last(gradient, half), last(x, half), made, by);
  const ShadeGradients theirs =
      shade_gradients(last(gradient, all), last(x, all), exact, in_float64(by));
  CHECK((ours.x.scalar_type() == half));
  CHECK((ours.factors.scalar_type() == at::kFloat));
  CHECK(same(ours.x, theirs.x));
  CHECK(same(ours.factors, theirs.factors));
  CHECK(same(ours.bias, theirs.bias));
  CHECK(same(ours.strength, theirs.strength));
}

}  // namespace

TEST_CASE("a shade of images in bfloat16 has sums in float32, and rounds once") {
  at::manual_seed(0);
  const int before = at::get_num_threads();
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    for (const int64_t channels : {8, 9, 33, 64}) {
      for (const auto& [height, width] :
           std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {5, 7}, {13, 11}, {16, 33}}) {
        CAPTURE(channels);
        CAPTURE(height);
        const Shape each{3, 1, height, width}, shared{height, width};
        for (const double slope : {0.25, 0.0, 1.0}) {
          check_shade({3, channels, height, width}, whole_shade(3, channels, each, slope));
          check_shade({3, channels, height, width}, whole_shade(3, channels, shared, slope));
        }
      }
    }
  }
  at::set_num_threads(before);
}

// Everything that a modulation makes, in bfloat16, is as far from float32 as its layers are.
TEST_CASE("a modulation in bfloat16 rounds as its layers do: values and gradients") {
  RandomStream stream(0);
  at::manual_seed(1);
  const Autocast autocast(Precision::kBfloat16, at::kCPU);
  for (const auto& [in, out, upsample] : std::vector<std::tuple<double, double, bool>>{
           {16, 32, true}, {32, 16, false}, {9, 8, true}}) {
    CAPTURE(in);
    CAPTURE(upsample);
    // A slope of 1: at a kink a rounding may turn a gradient's sign.
    Chain chain({in, out, 3, upsample, true, 5, 4, 6}, /*slope=*/1, stream);
    const ModulePtr one = chain.fused();
    if (in > 9) REQUIRE(as_bfloat16_conv(one) == one);
    const at::Tensor upstream =
        at::randn_like(chain.output(chain.plain()).detach()).to(at::kBFloat16);
    const auto all_of = [&](const std::vector<ModulePtr>& modules, at::ScalarType type) {
      chain.to(type);
      // With the one noise, as the types draw others.
      const at::Tensor made = chain.output(modules, /*draws=*/false);
      auto all = torch::autograd::grad({made}, chain.inputs(), {upstream.to(made.dtype())});
      all.insert(all.begin(), made);
      return all;
    };
    const auto exact = all_of(chain.plain(), at::kDouble);
    const auto theirs = all_of(chain.plain(), at::kFloat), ours = all_of({one}, at::kFloat);
    for (size_t i = 0; i < exact.size(); ++i) {
      CAPTURE(i);
      const auto apart = [&](const at::Tensor& from) {
        return (from.to(at::kDouble) - exact[i]).norm().item<double>();
      };
      CHECK(apart(ours[i]) < 1.5 * apart(theirs[i]) + 2e-3 * exact[i].norm().item<double>());
    }
  }
}

TEST_CASE("in evaluation a modulation has the picture of the noise after it, without a graph") {
  RandomStream stream(0);
  for (const Case& of : kCases) {
    const Chain chain(of, 0.2, stream);
    const ModulePtr one = chain.fused();
    chain.noise->eval();
    const at::NoGradGuard no_grad;
    check_all({chain.output({one}, false)}, {chain.output(chain.plain(), false)}, 1e-12);
  }
}

TEST_CASE("a 3x3 modulation has fewer multiplications where a convolution has: the same values") {
  RandomStream stream(0);
  const Chain chain({33, 34, 3, false, true, 5, 7, 6}, 0.2, stream);
  const ModulePtr one = chain.fused();
  const Verdict verdict = fuse_same_conv(one);
  const bool pays = multiplies_batches_by_blocks();
  CHECK((verdict.module == one) == pays);
  CHECK(verdict.reason.empty() == pays);
  check_chain(chain, {one}, chain.plain());
  const auto verdict_of = [&](double in, double kernel, bool upsample) {
    return fuse_same_conv(
        fuse_modulation(build(modulated("0", 5, in, 64, kernel, upsample, true), stream)).module);
  };
  CHECK(verdict_of(31, 3, false).reason != "");
  for (const auto& other : {verdict_of(64, 3, true), verdict_of(64, 1, false)}) {
    CHECK(other.module == nullptr);
    CHECK(other.reason.empty());
  }
}

TEST_CASE("a modulation refuses few channels, what bends otherwise, and what is not its own") {
  RandomStream stream(0);
  const ModulePtr wide = build(modulated("0", 5, 8, 8, 3, false, true), stream);
  const ModulePtr noise = build(layer("noiseInjection", "1", {{"imageSize", Shape{4, 4}}}), stream);
  const auto leaky = [&](double slope) {
    return build(layer("leakyRelu", "2", {{"negativeSlope", slope}}), stream);
  };
  CHECK(fuse_modulation(build(modulated("0", 5, 7, 7, 3, false, true), stream)).reason ==
        "it needs at least 8 channels");
  // Its blur is worth it.
  CHECK(fuse_modulation(build(modulated("0", 5, 7, 7, 3, true, true), stream)).module != nullptr);
  CHECK(fuse_modulation(noise).reason == "");
  const ModulePtr form = fuse_modulation(wide).module;
  CHECK(fuse_modulation_noise(wide, noise).module == nullptr);
  CHECK(fuse_modulation_noise(form, leaky(0.2)).module == nullptr);
  CHECK(fuse_modulation_activation(wide, leaky(0.2)).module == nullptr);
  CHECK(fuse_modulation_activation(form, build(layer("tanh", "2"), stream)).reason ==
        "it is for ReLU and leaky ReLU");
  CHECK(fuse_modulation_activation(form, leaky(-0.1)).module == nullptr);
  CHECK(fuse_modulation_activation(form, leaky(1.5)).module == form);
}

TEST_CASE("a synthesis has its modulations with what follows them, in the order of the layers") {
  RandomStream stream(0);
  const auto noise = [](const char* name) {
    return layer("noiseInjection", name, {{"imageSize", Shape{4, 4}}});
  };
  const auto leaky = [](const char* name) {
    return layer("leakyRelu", name, {{"negativeSlope", 0.2}});
  };
  const auto planned = [&](std::vector<Layer> after) {
    after.insert(after.begin(),
                 {modulated("a", 5, 4, 8, 3, true, true), modulated("b", 5, 8, 8, 3, false, true)});
    Network network({styled("0", 6, after)}, at::kCPU, at::kDouble, stream);
    for (const at::Tensor& one : network.parameters()) {
      const at::NoGradGuard no_grad;
      one.normal_(0, 1, stream.cpu());
    }
    const Plan plan(network.body(), Precision::kFloat32);
    const at::Tensor x = draw({3, 6});
    RandomStream ours(4), theirs(4);
    CHECK(distance(plan.forward(x, {{}, &ours}), network.body().forward(x, {{}, &theirs})) < 1e-12);
    return rewrites_of(plan);
  };
  CHECK(planned({}) == std::vector<std::string>{"modulation", "modulation"});
  CHECK(planned({noise("1"), leaky("2"), leaky("3")}) ==
        std::vector<std::string>{"modulation", "modulation", "modulationNoise",
                                 "modulationActivation"});
  CHECK(planned({leaky("1"), noise("2")}) ==
        std::vector<std::string>{"modulation", "modulation", "modulationActivation"});
}
